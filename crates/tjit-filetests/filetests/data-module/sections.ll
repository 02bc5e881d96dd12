;! test = "data-module"
; Failure may indicate that the variables of a section with bounds do not lie one behind the other, each where its alignment
; puts it, or that a variable has two addresses.

@one = global i8 1, section "things"
@between = global i8 9
@two = internal constant { ptr, i32 } { ptr @one, i32 2 }, section "things", align 8
@three = global i16 3, section "things", align 2
@inner = alias i32, getelementptr inbounds ({ ptr, i32 }, ptr @two, i64 0, i32 1)
@list = global [2 x ptr] [ptr @__start_things, ptr @two]
@apart = global i8 4, section "others"
@__start_things = external hidden global [0 x i8]
@__stop_things = external hidden global [0 x i8]
@__start_nothing = extern_weak global [0 x i8]

define ptr @stop() {
  ret ptr @__stop_things
}

define ptr @nothing() {
  ret ptr @__start_nothing
}

;; function stop
;; function nothing
;;
;; ; ModuleID = 'sections (data)'
;; source_filename = "sections"
;;
;; @between = dso_local global i8 9
;; @list = dso_local global [2 x ptr] [ptr @__start_things, ptr @two.HASH]
;; @apart = dso_local global i8 4, section "others"
;; @0 = private global <{ i8, [7 x i8], { ptr, i32 }, i16 }> <{ i8 1, [7 x i8] zeroinitializer, { ptr, i32 } { ptr @one, i32 2 }, i16 3 }>, section "things", align 8
;;
;; @inner = dso_local alias i32, getelementptr inbounds ({ ptr, i32 }, ptr @two.HASH, i64 0, i32 1)
;; @one = alias i8, ptr @0
;; @two.HASH = alias { ptr, i32 }, getelementptr (i8, ptr @0, i64 8)
;; @three = alias i16, getelementptr (i8, ptr @0, i64 24)
;; @__start_things = alias [0 x i8], ptr @0
;; @__stop_things = alias [0 x i8], getelementptr (i8, ptr @0, i64 26)
