//! Calls of each number of parameters.
#![expect(clippy::too_many_arguments, reason = "as many as the function has")]

use super::{Bound, Function};

macro_rules! calls {
    ($($parameter:ident $name:ident)*) => {
        calls!("C" $($parameter $name)*);
        calls!("C-unwind" $($parameter $name)*);
    };
    ($abi:literal $($parameter:ident $name:ident)*) => {
        impl<Output: 'static, $($parameter: 'static,)*> Function<unsafe extern $abi fn($($parameter,)*) -> Output> {
            /// Calls the function, as an entry into the program: the version that it finds is not freed before it returns.
            ///
            /// # Safety
            /// The type is the function's, and its code free of undefined behaviour for these arguments.
            pub unsafe fn call(&self, $($name: $parameter,)*) -> Output {
                let _pin = self.owner.engine.reclaim.pin();
                // SAFETY: says our caller; the code is there as long as the handle.
                unsafe { (self.pointer)($($name,)*) }
            }
        }

        impl<Output: 'static, $($parameter: 'static,)*> Bound<'_, unsafe extern $abi fn($($parameter,)*) -> Output> {
            /// Calls the function inside of the entry that it is bound to.
            ///
            /// # Safety
            /// As [`Function::call`].
            pub unsafe fn call(&self, $($name: $parameter,)*) -> Output {
                // SAFETY: says our caller; the code is there as long as the entry.
                unsafe { (self.pointer)($($name,)*) }
            }
        }
    };
}

calls!();
calls!(A a);
calls!(A a B b);
calls!(A a B b C c);
calls!(A a B b C c D d);
calls!(A a B b C c D d E e);
calls!(A a B b C c D d E e F f);
calls!(A a B b C c D d E e F f G g);
calls!(A a B b C c D d E e F f G g H h);
calls!(A a B b C c D d E e F f G g H h I i);
calls!(A a B b C c D d E e F f G g H h I i J j);
calls!(A a B b C c D d E e F f G g H h I i J j K k);
calls!(A a B b C c D d E e F f G g H h I i J j K k L l);
