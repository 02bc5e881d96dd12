//! Trait objects, generics, closures, maps and strings.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{BuildHasherDefault, DefaultHasher};

trait Shape {
    fn area(&self) -> f64;
    fn name(&self) -> String {
        "shape".to_owned()
    }
}

struct Circle(f64);
struct Square(f64);

impl Shape for Circle {
    fn area(&self) -> f64 {
        3.0 * self.0 * self.0
    }
    fn name(&self) -> String {
        format!("circle of {}", self.0)
    }
}

impl Shape for Square {
    fn area(&self) -> f64 {
        self.0 * self.0
    }
}

struct Total<T>(Vec<T>);

impl<T: Copy + Into<f64>> fmt::Display for Total<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.0.iter().map(|x| (*x).into()).sum::<f64>())
    }
}

fn apply(times: u32, mut f: impl FnMut(u32)) {
    (0..times).for_each(|i| f(i));
}

fn main() {
    let shapes: Vec<Box<dyn Shape>> = (0..100)
        .map(|i| -> Box<dyn Shape> {
            if i % 2 == 0 {
                Box::new(Circle(f64::from(i)))
            } else {
                Box::new(Square(f64::from(i)))
            }
        })
        .collect();
    let mut area = 0.0;
    apply(20, |_| area += shapes.iter().map(|s| s.area()).sum::<f64>());

    let mut words: BTreeMap<String, usize> = BTreeMap::new();
    // With keys of its own: random ones come from a thread-local.
    let mut lengths: HashMap<usize, usize, BuildHasherDefault<DefaultHasher>> = HashMap::default();
    for i in 0..1000 {
        *words.entry(format!("w{}", i % 7)).or_default() += 1;
        *lengths.entry(i % 13).or_default() += i;
    }
    println!(
        "{area} {} {} {words:?} {}",
        shapes[0].name(),
        shapes[1].name(),
        lengths[&5]
    );
    println!("{} {}", Total(vec![1.5f32, 2.5]), Total(vec![1i32, 2, 3]));
    std::process::exit(29);
}
