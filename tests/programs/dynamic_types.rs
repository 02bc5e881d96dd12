//! Types at run time: `dyn Any`, trait objects whose tables are compared, closures in boxes, virtual calls through generics,
//! panics with payloads of one's own, drops in their order.

use std::any::{Any, TypeId, type_name};
use std::collections::BTreeMap;
use std::fmt::{Debug, Display};
use std::panic::{self, AssertUnwindSafe};
use std::rc::{Rc, Weak};
use std::cell::{Cell, RefCell};

trait Shape: Any {
    fn area(&self) -> i64;
    fn name(&self) -> &'static str {
        "shape"
    }
    fn as_any(&self) -> &dyn Any;
}

#[derive(Debug, Clone, PartialEq)]
struct Square(i64);
#[derive(Debug, Clone, PartialEq)]
struct Scaled<T>(i64, T);

impl Shape for Square {
    fn area(&self) -> i64 {
        self.0 * self.0
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
impl<T: Any + Copy + Into<i64>> Shape for Scaled<T> {
    fn area(&self) -> i64 {
        self.0 * self.1.into()
    }
    fn name(&self) -> &'static str {
        type_name::<T>()
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn shape(n: usize) -> Box<dyn Shape> {
    match n % 4 {
        0 => Box::new(Square(n as i64 % 100)),
        1 => Box::new(Scaled(n as i64, 3_i32)),
        2 => Box::new(Scaled(n as i64, 5_u8)),
        _ => Box::new(Scaled(2, n as i64)),
    }
}

fn kind(shape: &dyn Shape) -> i64 {
    let any = shape.as_any();
    if let Some(square) = any.downcast_ref::<Square>() {
        square.0
    } else if any.is::<Scaled<i32>>() {
        1000
    } else if let Some(Scaled(_, five)) = any.downcast_ref::<Scaled<u8>>() {
        2000 + i64::from(*five)
    } else {
        3000
    }
}

fn adders(count: i64) -> Vec<Box<dyn Fn(i64) -> i64>> {
    (0..count).map(|n| if n % 2 == 0 { Box::new(move |x| x + n) as Box<dyn Fn(i64) -> i64> } else { Box::new(|x| x * 2 % 9973) }).collect()
}

fn show(values: &[&dyn Display]) -> String {
    values.iter().map(|value| value.to_string()).collect::<Vec<_>>().join(",")
}

#[derive(Debug)]
struct Failure(i64);

struct Node {
    parent: RefCell<Weak<Node>>,
    children: RefCell<Vec<Rc<Node>>>,
    drops: Rc<Cell<i64>>,
    number: i64,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.drops.set(self.drops.get() * 31 % 1_000_003 + self.number);
    }
}

fn tree(drops: &Rc<Cell<i64>>, depth: i64) -> Rc<Node> {
    let node = Rc::new(Node { parent: RefCell::default(), children: RefCell::default(), drops: drops.clone(), number: depth });
    for _ in 0..depth {
        let child = tree(drops, depth - 1);
        *child.parent.borrow_mut() = Rc::downgrade(&node);
        node.children.borrow_mut().push(child);
    }
    node
}

fn fails(n: i64) -> i64 {
    if n % 10 == 0 {
        panic::panic_any(Failure(n));
    }
    n
}

fn main() {
    panic::set_hook(Box::new(|_| {}));
    let (mut total, mut kinds, mut names) = (0, 0, BTreeMap::<&str, usize>::new());
    let functions = adders(16);
    for n in 0..3000 {
        let shape = shape(n);
        total = functions[n % 16](total + shape.area() % 1000);
        kinds += kind(&*shape);
        *names.entry(shape.name()).or_default() += 1;
        assert_eq!(shape.as_any().type_id() == TypeId::of::<Square>(), n % 4 == 0);
        match panic::catch_unwind(AssertUnwindSafe(|| fails(n as i64))) {
            Ok(value) => total += value,
            Err(payload) => total -= payload.downcast_ref::<Failure>().map_or(1, |failure| failure.0),
        }
    }
    let drops = Rc::new(Cell::new(0));
    for depth in 0..6 {
        let root = tree(&drops, depth);
        let up = root.children.borrow().iter().filter(|child| child.parent.borrow().upgrade().is_some()).count();
        total += up as i64;
    }
    println!("{total} {kinds} {names:?} {} {}", drops.get(), show(&[&1, &"two", &3.5, &'4']));
    std::process::exit(76);
}
