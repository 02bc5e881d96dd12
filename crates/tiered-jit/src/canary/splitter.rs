//! The jump that shares calls out.
//!
//! It stands between the stub and two bodies of any signature and calling convention, so it has no register to itself: r11, which
//! C leaves free at the entry of a function, carries an argument in `preserve_none` and `regcall` (`X86CallingConv.td` of LLVM).
//! It changes the flags, which carry none in any convention, and, below the stack pointer, the red zone, which is the callee's
//! (System V psABI for AMD64, 3.2.2).
//!
//! A part of the calls is chosen by Weyl's sequence n·φ mod 1, with φ the golden ratio, in 32 bits: two instructions on memory.
//! Of all ratios φ spreads most evenly for any number of calls; an even step, such as every tenth call, would meet a program
//! that calls in tens always at the same place. Threads that count at once may lose counts, which shifts the sequence and
//! nothing else.
//!
//! It is linked as all other code is, in an object of its own, so that its memory is accounted and given back like theirs.

use tjit_compile_layer::ModuleOptions;
use tjit_orc::ThreadSafeContext;
use tjit_runtime::{FunctionRecord, UnitId};

use super::{Calls, CanaryRefusal};
use crate::Error;
use crate::engine::Engine;
use crate::object;

/// A splitter that is linked.
pub(super) struct Splitter {
    pub(super) address: usize,
    pub(super) unit: UnitId,
}

/// Where it sends calls.
#[derive(Debug, Clone, Copy)]
pub(super) struct Targets {
    pub(super) candidate: usize,
    pub(super) control: usize,
}

/// Makes a splitter for `record`; `number` is that of no other.
pub(super) fn link(
    engine: &Engine,
    (record, unit): (&FunctionRecord, UnitId),
    number: u64,
    (calls, targets): (&Calls, Targets),
) -> Result<Splitter, Error> {
    let name = format!("tjit.canary.{number}");
    let ir = match std::env::consts::ARCH {
        "x86_64" => x86_64(&name, calls, targets),
        _ => return Err(super::ticket::refused(record, CanaryRefusal::Host)),
    };
    let module = ThreadSafeContext::new().parse(&name, ir.as_bytes())?;
    let home = engine.program().module_of(record.symbol());
    let names = [name.clone()];
    let options = ModuleOptions::default();
    let emitted = object::emit(engine, (&module, home), &names, [], &options)?;
    let memory = (emitted.code, None);
    engine.reclaim.linked(unit, record.id(), memory);
    Ok(Splitter {
        address: emitted.address(&name)?,
        unit,
    })
}

/// 2³²/φ, the nearest odd number.
const GOLDEN: u32 = 0x9e37_79b9;

/// The largest number that a choice out of 2³² is compared with.
fn threshold(part: f64) -> u32 {
    // Casts from floats saturate, and the part is less than 1.
    ((part * 2f64.powi(32)) as u32).max(1)
}

fn x86_64(name: &str, calls: &Calls, targets: Targets) -> String {
    let Targets { candidate, control } = targets;
    let (data, choose) = match calls {
        // The comparison is unsigned.
        Calls::Fraction(part) => {
            let threshold = threshold(*part) as i32;
            let step = GOLDEN as i32;
            let choose = format!(
                "addl $${step}, {name}.place(%rip)\\0A\
                 cmpl $${threshold}, {name}.place(%rip)\\0A\
                 jae 1f\\0A\
                 jmpq *{name}.targets(%rip)\\0A\
                 1: jmpq *{name}.targets+8(%rip)"
            );
            // A cache line of its own: it is written by every call.
            let data = format!("@{name}.place = hidden global i32 0, align 64");
            (data, choose)
        }
        Calls::Threads(threads) => {
            let end = super::threads::END as isize;
            let choose = format!(
                "movq %rax, -8(%rsp)\\0A\
                 movq %rcx, -16(%rsp)\\0A\
                 movq %fs:0, %rax\\0A\
                 movq {name}.threads(%rip), %rcx\\0A\
                 2: cmpq %rax, (%rcx)\\0A\
                 je 3f\\0A\
                 addq $$8, %rcx\\0A\
                 cmpq $${end}, -8(%rcx)\\0A\
                 jne 2b\\0A\
                 movq -8(%rsp), %rax\\0A\
                 movq -16(%rsp), %rcx\\0A\
                 jmpq *{name}.targets+8(%rip)\\0A\
                 3: movq -8(%rsp), %rax\\0A\
                 movq -16(%rsp), %rcx\\0A\
                 jmpq *{name}.targets(%rip)"
            );
            let table = threads.table().address();
            let data = format!("@{name}.threads = hidden global ptr inttoptr (i64 {table} to ptr)");
            (data, choose)
        }
    };
    format!(
        "{data}\n\
         @{name}.targets = hidden constant [2 x ptr] [ptr inttoptr (i64 {candidate} to ptr), ptr inttoptr (i64 {control} to ptr)], align 16\n\
         define void @{name}() naked noinline nounwind {{\n  \
           call void asm sideeffect \"{choose}\", \"~{{memory}},~{{flags}}\"()\n  \
           unreachable\n\
         }}\n"
    )
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests;
