;! test = "written"
; Variables that keep the value they start with, and ones that may lose it. Failure may indicate that a write or a way to one is
; overlooked: what is folded into optimised code would be out of date.

@read = global i32 1
@compared = global i32 1
@copied-from = global [4 x i32] zeroinitializer
@indexed = global [4 x i32] zeroinitializer
@through-local = global i32 1
@through-phi = global i32 1
@to-reader = global i32 1
@to-known-reader = global i32 1
@returned = global i32 1
@aliased = global i32 1
@another-name = alias i32, ptr @aliased

@stored = global i32 1
@stored-to-part = global { i32, i32 } zeroinitializer
@atomically = global i32 1
@exchanged = global i32 1
@copied-to = global [4 x i32] zeroinitializer
@set = global [4 x i32] zeroinitializer
@volatile = global i32 1
@as-number = global i32 1
@in-table = global i32 1
@table = global ptr @in-table
@kept = global i32 1
@to-writer = global i32 1
@to-keeper = global i32 1
@to-host = global i32 1
@to-assembly = global i32 1
@by-pointer = global i32 1
@returned-and-written = global i32 1
@returned-by-pointer = global i32 1
@local-passed = global i32 1
@in-section = global i32 1, section "mine"
@in_assembly_text = global i32 1
@through-constant = global i32 1
@in-select = global i32 1
@destination = global ptr null
@in_inline_text = global i32 1
@returned_to_inline_text = global i32 1
@as_immediate = global i32 1
@not_in_text = global i32 1

module asm ".globl user_of_text"
module asm "user_of_text: .quad in_assembly_text"

define void @reads(i1 %c) {
  %v = load i32, ptr @read
  %a = load atomic i32, ptr @read acquire, align 4
  %same = icmp eq ptr @compared, @read
  %to = alloca [4 x i32]
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr @copied-from, i64 16, i1 false)
  %place = getelementptr [4 x i32], ptr @indexed, i64 0, i64 2
  %i = load i32, ptr %place
  %address = alloca ptr
  store ptr @through-local, ptr %address
  %local = load ptr, ptr %address
  %l = load i32, ptr %local
  br i1 %c, label %one, label %two
one:
  br label %two
two:
  %which = phi ptr [ @through-phi, %one ], [ @read, %0 ]
  %w = load i32, ptr %which
  %r = call i32 @reader(ptr @to-reader)
  %k = call i32 @known_reader(ptr @to-known-reader)
  %reference = call ptr @instance()
  %n = load i32, ptr %reference
  %alias = load i32, ptr @another-name
  ret void
}

define i32 @reader(ptr %p) {
  %v = load i32, ptr %p
  %more = icmp sgt i32 %v, 10
  br i1 %more, label %again, label %end
again:
  %r = call i32 @reader(ptr %p)
  ret i32 %r
end:
  ret i32 %v
}

declare i32 @known_reader(ptr readonly captures(none))

define ptr @instance() {
  ret ptr @returned
}

define void @writes(i64 %index, i1 %c) {
  store i32 0, ptr @stored
  store i32 0, ptr getelementptr ({ i32, i32 }, ptr @stored-to-part, i64 0, i32 1)
  store atomic i32 0, ptr @atomically release, align 4
  %old = cmpxchg ptr @exchanged, i32 0, i32 1 seq_cst seq_cst
  %from = alloca [4 x i32]
  call void @llvm.memcpy.p0.p0.i64(ptr @copied-to, ptr %from, i64 16, i1 false)
  call void @llvm.memset.p0.i64(ptr @set, i8 0, i64 16, i1 false)
  %v = load volatile i32, ptr @volatile
  %number = ptrtoint ptr @as-number to i64
  store ptr @kept, ptr @destination
  call void @writer(ptr @to-writer)
  call void @keeper(ptr @to-keeper)
  call void @host(ptr @to-host)
  call void asm sideeffect "", "r,~{memory}"(ptr @to-assembly)
  %pointer = load ptr, ptr @destination
  call void %pointer(ptr @by-pointer)
  %reference = call ptr @writable()
  store i32 0, ptr %reference
  store ptr @getter, ptr @destination
  %holder = alloca ptr
  store ptr @local-passed, ptr %holder
  call void @host(ptr %holder)
  store i32 ptrtoint (ptr @through-constant to i32), ptr @stored
  %selected = select i1 %c, ptr @in-select, ptr @stored
  store i32 1, ptr %selected
  ret void
}

define void @writer(ptr %p) {
  store i32 0, ptr %p
  ret void
}

define void @keeper(ptr %p) {
  store ptr %p, ptr @destination
  ret void
}

define ptr @writable() {
  ret ptr @returned-and-written
}

define ptr @getter() {
  ret ptr @returned-by-pointer
}

define ptr @called_by_inline_text() {
  ret ptr @returned_to_inline_text
}

define void @inline_text() {
  call void asm sideeffect "movl $$1, in_inline_text(%rip)", ""()
  call void asm sideeffect "call called_by_inline_text@PLT", ""()
  call void asm sideeffect "movl $$2, $$as_immediate", ""()
  ret void
}

define i32 @reads_them() {
  %a = load i32, ptr @in_inline_text
  %b = load i32, ptr @as_immediate
  %c = load i32, ptr @not_in_text
  ret i32 %c
}

declare void @host(ptr)

;; read: nobody
;; compared: nobody
;; copied-from: nobody
;; indexed: nobody
;; through-local: nobody
;; through-phi: nobody
;; to-reader: nobody
;; to-known-reader: nobody
;; returned: nobody
;; aliased: nobody
;; stored: somebody
;; stored-to-part: somebody
;; atomically: somebody
;; exchanged: somebody
;; copied-to: somebody
;; set: somebody
;; volatile: somebody
;; as-number: somebody
;; in-table: somebody
;; table: nobody
;; kept: somebody
;; to-writer: somebody
;; to-keeper: somebody
;; to-host: somebody
;; to-assembly: somebody
;; by-pointer: somebody
;; returned-and-written: somebody
;; returned-by-pointer: somebody
;; local-passed: somebody
;; in-section: somebody
;; in_assembly_text: somebody
;; through-constant: somebody
;; in-select: somebody
;; destination: somebody
;; in_inline_text: somebody
;; returned_to_inline_text: somebody
;; as_immediate: somebody
;; not_in_text: nobody
