//! Buckets against their definition, and statistics of small sets.

use super::{BUCKETS, Histogram, bucket, start};

fn of(times: impl IntoIterator<Item = u64>) -> Histogram {
    let mut counts = vec![0; BUCKETS];
    for time in times {
        counts[bucket(time)] += 1;
    }
    Histogram::new(counts)
}

#[test]
fn each_bucket_starts_where_the_one_before_ends() {
    for index in 0..BUCKETS - 1 {
        let (first, next) = (start(index), start(index + 1));
        assert!(first < next, "bucket {index}");
        assert_eq!(bucket(first), index);
        assert_eq!(bucket(next - 1), index);
    }
    assert_eq!(bucket(u64::MAX), BUCKETS - 1);
}

#[test]
fn a_bucket_is_at_most_a_32nd_of_its_times_wide() {
    for index in 32..BUCKETS - 1 {
        let width = start(index + 1) - start(index);
        assert!(width * 32 <= start(index), "bucket {index}");
    }
}

#[test]
fn nothing_is_said_of_no_samples() {
    assert_eq!(of([]).quantile(0.5), None);
    assert_eq!(of([]).middle_mean(), None);
}

#[test]
fn outliers_change_neither_the_median_nor_the_middle_mean() {
    let even = of(std::iter::repeat_n(20, 80).chain(std::iter::repeat_n(30, 20)));
    let tail = of(std::iter::repeat_n(20, 80).chain(std::iter::repeat_n(1 << 39, 20)));
    assert_eq!(even.middle_mean(), Some(20.0));
    assert_eq!(tail.middle_mean(), Some(20.0));
    let (even, tail) = (even.quantile(0.5), tail.quantile(0.5));
    assert_eq!(even, tail);
    assert!(even.is_some_and(|median| (20.0..21.0).contains(&median)));
}
