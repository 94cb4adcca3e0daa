//! Many functions on several processors: what each comes to depends on no other.

use std::sync::OnceLock;

/// Fewer are not worth a thread, which takes some 50 µs to begin.
const LEAST: usize = 50;
/// Threads at most: reading needs processors too.
const MOST: usize = 4;

/// What consecutive parts of some functions come to, in their order.
pub fn parts<T: Sync, R: Send>(functions: &[T], of: impl Fn(&[T]) -> R + Sync) -> Vec<R> {
    let part = part(processors(), functions.len());
    run(functions.chunks(part).collect(), of)
}

/// What each of some functions comes to, in their order.
pub fn each<T: Send, R: Send>(functions: impl IntoIterator<Item = T>, of: impl Fn(T) -> R + Sync) -> Vec<R> {
    each_on(processors(), functions.into_iter().collect(), of)
}

fn each_on<T: Send, R: Send>(processors: usize, mut functions: Vec<T>, of: impl Fn(T) -> R + Sync) -> Vec<R> {
    let part = part(processors, functions.len());
    let mut parts = Vec::new();
    while functions.len() > part {
        parts.push(functions.split_off(functions.len() - part));
    }
    parts.push(functions);
    parts.reverse();
    run(parts, |part| part.into_iter().map(&of).collect::<Vec<R>>()).into_iter().flatten().collect()
}

fn processors() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| std::thread::available_parallelism().map_or(1, |all| all.get().min(MOST)))
}

/// How many one thread takes.
fn part(processors: usize, count: usize) -> usize {
    count.div_ceil(processors.min(count / LEAST).max(1)).max(1)
}

/// Runs all at once, the first on this thread.
fn run<P: Send, R: Send>(parts: Vec<P>, of: impl Fn(P) -> R + Sync) -> Vec<R> {
    let mut parts = parts.into_iter();
    let Some(own) = parts.next() else { return Vec::new() };
    std::thread::scope(|scope| {
        let of = &of;
        let others: Vec<_> = parts.map(|part| scope.spawn(move || of(part))).collect();
        let mut all = vec![of(own)];
        for other in others {
            match other.join() {
                Ok(one) => all.push(one),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_stays_however_many_threads_there_are() {
        for count in [0, 1, 49, 50, 99, 100, 101, 1_000_usize] {
            let all: Vec<usize> = (0..count).collect();
            for processors in 1..5 {
                assert_eq!(each_on(processors, all.clone(), |n| n), all, "{count} {processors}");
                let parts = all.chunks(part(processors, count)).collect::<Vec<_>>();
                assert!(parts.len() <= processors, "{count} {processors}");
                assert_eq!(run(parts, <[usize]>::to_vec).concat(), all, "{count} {processors}");
            }
        }
    }
}
