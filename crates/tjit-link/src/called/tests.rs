//! Which sections the system calls, and in which order.

use super::{Order, section};

#[test]
fn sections_are_ordered_as_linkers_place_them() {
    let order = |name: &str| section(name).map(|section| section.map(|section| section.order));
    assert_eq!(order(".preinit_array"), Ok(Some(Order::First)));
    assert_eq!(order(".init_array"), Ok(Some(Order::Default)));
    assert_eq!(order(".init_array.00101"), Ok(Some(Order::Numbered(101))));
    assert_eq!(order(".ctors.65434"), Ok(Some(Order::Numbered(101))));
    assert_eq!(order(".fini_array.7"), Ok(Some(Order::Numbered(7))));
    assert_eq!(order(".dtors"), Ok(Some(Order::Default)));
    assert_eq!(order(".init_arrays"), Ok(None));
    assert_eq!(order(".data"), Ok(None));
    assert!(order(".init_array.first").is_err());
    assert!(Order::First < Order::Numbered(0) && Order::Numbered(65535) < Order::Default);
}
