;! test = "shadow"
; Results are compared by their bits: numbers, floats, addresses, vectors lane by lane, aggregates field by field.
; Failure may indicate that a NaN differs from itself, or that the program gets the candidate's result.

define signext i8 @number(i8 signext %x) {
  ret i8 %x
}

define fastcc double @float(double %x) "target-features"="+avx" {
  ret double %x
}

define <4 x float> @vector(<4 x float> %x) {
  ret <4 x float> %x
}

define { ptr, [2 x i16] } @aggregate({ ptr, [2 x i16] } %x) {
  ret { ptr, [2 x i16] } %x
}

;; number: number_shadow, results of 1 bytes
;; float: float_shadow, results of 8 bytes
;; vector: vector_shadow, results of 16 bytes
;; aggregate: aggregate_shadow, results of 16 bytes
;;
;; ; ModuleID = 'results'
;; source_filename = "results"
;;
;; @number_shadow.counts = hidden global [2 x i64] zeroinitializer, align 8
;; @number_shadow.old = hidden global i8 0
;; @number_shadow.new = hidden global i8 0
;; @float_shadow.counts = hidden global [2 x i64] zeroinitializer, align 8
;; @float_shadow.old = hidden global double 0.000000e+00
;; @float_shadow.new = hidden global double 0.000000e+00
;; @vector_shadow.counts = hidden global [2 x i64] zeroinitializer, align 8
;; @vector_shadow.old = hidden global <4 x float> zeroinitializer
;; @vector_shadow.new = hidden global <4 x float> zeroinitializer
;; @aggregate_shadow.counts = hidden global [2 x i64] zeroinitializer, align 8
;; @aggregate_shadow.old = hidden global { ptr, [2 x i16] } zeroinitializer
;; @aggregate_shadow.new = hidden global { ptr, [2 x i16] } zeroinitializer
;;
;; define signext i8 @number(i8 signext %x) {
;;   ret i8 %x
;; }
;;
;; define fastcc double @float(double %x) #0 {
;;   ret double %x
;; }
;;
;; define <4 x float> @vector(<4 x float> %x) {
;;   ret <4 x float> %x
;; }
;;
;; define { ptr, [2 x i16] } @aggregate({ ptr, [2 x i16] } %x) {
;;   ret { ptr, [2 x i16] } %x
;; }
;;
;; declare signext i8 @number_control(i8 signext)
;;
;; define signext i8 @number_shadow(i8 signext %0) {
;; entry:
;;   %old = call signext i8 @number_control(i8 signext %0)
;;   %new = call signext i8 @number(i8 signext %0)
;;   %compared = load atomic i64, ptr @number_shadow.counts monotonic, align 8
;;   %compared.next = add i64 %compared, 1
;;   store atomic i64 %compared.next, ptr @number_shadow.counts monotonic, align 8
;;   %differs = icmp ne i8 %old, %new
;;   br i1 %differs, label %differ, label %done, !prof !0
;;
;; done:                                             ; preds = %report, %differ, %entry
;;   ret i8 %old
;;
;; differ:                                           ; preds = %entry
;;   %1 = cmpxchg ptr getelementptr inbounds nuw ({ i64, i64 }, ptr @number_shadow.counts, i32 0, i32 1), i64 0, i64 1 monotonic monotonic, align 8
;;   %first = extractvalue { i64, i1 } %1, 1
;;   br i1 %first, label %report, label %done
;;
;; report:                                           ; preds = %differ
;;   store i8 %old, ptr @number_shadow.old, align 1
;;   store i8 %new, ptr @number_shadow.new, align 1
;;   store atomic i64 2, ptr getelementptr inbounds nuw ({ i64, i64 }, ptr @number_shadow.counts, i32 0, i32 1) release, align 8
;;   br label %done
;; }
;;
;; declare fastcc double @float_control(double) #0
;;
;; define fastcc double @float_shadow(double %0) #0 {
;; entry:
;;   %old = call fastcc double @float_control(double %0)
;;   %new = call fastcc double @float(double %0)
;;   %compared = load atomic i64, ptr @float_shadow.counts monotonic, align 8
;;   %compared.next = add i64 %compared, 1
;;   store atomic i64 %compared.next, ptr @float_shadow.counts monotonic, align 8
;;   %bits = bitcast double %old to i64
;;   %bits1 = bitcast double %new to i64
;;   %differs = icmp ne i64 %bits, %bits1
;;   br i1 %differs, label %differ, label %done, !prof !0
;;
;; done:                                             ; preds = %report, %differ, %entry
;;   ret double %old
;;
;; differ:                                           ; preds = %entry
;;   %1 = cmpxchg ptr getelementptr inbounds nuw ({ i64, i64 }, ptr @float_shadow.counts, i32 0, i32 1), i64 0, i64 1 monotonic monotonic, align 8
;;   %first = extractvalue { i64, i1 } %1, 1
;;   br i1 %first, label %report, label %done
;;
;; report:                                           ; preds = %differ
;;   store double %old, ptr @float_shadow.old, align 8
;;   store double %new, ptr @float_shadow.new, align 8
;;   store atomic i64 2, ptr getelementptr inbounds nuw ({ i64, i64 }, ptr @float_shadow.counts, i32 0, i32 1) release, align 8
;;   br label %done
;; }
;;
;; declare <4 x float> @vector_control(<4 x float>)
;;
;; define <4 x float> @vector_shadow(<4 x float> %0) {
;; entry:
;;   %old = call <4 x float> @vector_control(<4 x float> %0)
;;   %new = call <4 x float> @vector(<4 x float> %0)
;;   %compared = load atomic i64, ptr @vector_shadow.counts monotonic, align 8
;;   %compared.next = add i64 %compared, 1
;;   store atomic i64 %compared.next, ptr @vector_shadow.counts monotonic, align 8
;;   %bits = bitcast <4 x float> %old to <4 x i32>
;;   %bits1 = bitcast <4 x float> %new to <4 x i32>
;;   %lanes = icmp ne <4 x i32> %bits, %bits1
;;   %lanes2 = bitcast <4 x i1> %lanes to i4
;;   %differs = icmp ne i4 %lanes2, 0
;;   br i1 %differs, label %differ, label %done, !prof !0
;;
;; done:                                             ; preds = %report, %differ, %entry
;;   ret <4 x float> %old
;;
;; differ:                                           ; preds = %entry
;;   %1 = cmpxchg ptr getelementptr inbounds nuw ({ i64, i64 }, ptr @vector_shadow.counts, i32 0, i32 1), i64 0, i64 1 monotonic monotonic, align 8
;;   %first = extractvalue { i64, i1 } %1, 1
;;   br i1 %first, label %report, label %done
;;
;; report:                                           ; preds = %differ
;;   store <4 x float> %old, ptr @vector_shadow.old, align 16
;;   store <4 x float> %new, ptr @vector_shadow.new, align 16
;;   store atomic i64 2, ptr getelementptr inbounds nuw ({ i64, i64 }, ptr @vector_shadow.counts, i32 0, i32 1) release, align 8
;;   br label %done
;; }
;;
;; declare { ptr, [2 x i16] } @aggregate_control({ ptr, [2 x i16] })
;;
;; define { ptr, [2 x i16] } @aggregate_shadow({ ptr, [2 x i16] } %0) {
;; entry:
;;   %old = call { ptr, [2 x i16] } @aggregate_control({ ptr, [2 x i16] } %0)
;;   %new = call { ptr, [2 x i16] } @aggregate({ ptr, [2 x i16] } %0)
;;   %compared = load atomic i64, ptr @aggregate_shadow.counts monotonic, align 8
;;   %compared.next = add i64 %compared, 1
;;   store atomic i64 %compared.next, ptr @aggregate_shadow.counts monotonic, align 8
;;   %field = extractvalue { ptr, [2 x i16] } %old, 0
;;   %field1 = extractvalue { ptr, [2 x i16] } %new, 0
;;   %differs = icmp ne ptr %field, %field1
;;   %field2 = extractvalue { ptr, [2 x i16] } %old, 1
;;   %field3 = extractvalue { ptr, [2 x i16] } %new, 1
;;   %field4 = extractvalue [2 x i16] %field2, 0
;;   %field5 = extractvalue [2 x i16] %field3, 0
;;   %differs6 = icmp ne i16 %field4, %field5
;;   %field7 = extractvalue [2 x i16] %field2, 1
;;   %field8 = extractvalue [2 x i16] %field3, 1
;;   %differs9 = icmp ne i16 %field7, %field8
;;   %differs10 = or i1 %differs6, %differs9
;;   %differs11 = or i1 %differs, %differs10
;;   br i1 %differs11, label %differ, label %done, !prof !0
;;
;; done:                                             ; preds = %report, %differ, %entry
;;   ret { ptr, [2 x i16] } %old
;;
;; differ:                                           ; preds = %entry
;;   %1 = cmpxchg ptr getelementptr inbounds nuw ({ i64, i64 }, ptr @aggregate_shadow.counts, i32 0, i32 1), i64 0, i64 1 monotonic monotonic, align 8
;;   %first = extractvalue { i64, i1 } %1, 1
;;   br i1 %first, label %report, label %done
;;
;; report:                                           ; preds = %differ
;;   store { ptr, [2 x i16] } %old, ptr @aggregate_shadow.old, align 8
;;   store { ptr, [2 x i16] } %new, ptr @aggregate_shadow.new, align 8
;;   store atomic i64 2, ptr getelementptr inbounds nuw ({ i64, i64 }, ptr @aggregate_shadow.counts, i32 0, i32 1) release, align 8
;;   br label %done
;; }
;;
;; attributes #0 = { "target-features"="+avx" }
;;
;; !0 = !{!"branch_weights", i32 1, i32 1048575}
