//! Many functions on several processors: what each comes to depends on no other.

use std::sync::OnceLock;

/// Fewer are not worth a thread, which takes some 50 µs to begin.
const LEAST: usize = 50;
/// Threads at most: reading needs processors too.
const MOST: usize = 4;

/// What some functions come to in a few parts, none of which has all that are called most: those are often
/// neighbours.
pub fn parts<T: Copy + Send, R: Send>(functions: &[T], of: impl Fn(&[T]) -> R + Sync) -> Vec<R> {
    let dealt = dealt(threads(functions.len()), functions.iter().copied());
    run(dealt, |part| of(&part))
}

/// What each of some functions comes to, in their order.
pub fn each<T: Send, R: Send>(
    functions: impl ExactSizeIterator<Item = T>,
    of: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let (count, threads) = (functions.len(), threads(functions.len()));
    let told = run(dealt(threads, functions), |part| part.into_iter().map(&of).collect::<Vec<R>>());
    gathered(count, told)
}

/// How many threads so many functions are worth.
fn threads(count: usize) -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    let processors =
        *PROCESSORS.get_or_init(|| std::thread::available_parallelism().map_or(1, |all| all.get().min(MOST)));
    processors.min(count / LEAST).max(1)
}

/// Deals them out in turn, as cards are.
fn dealt<T>(hands: usize, all: impl Iterator<Item = T>) -> Vec<Vec<T>> {
    let mut dealt: Vec<Vec<T>> = (0..hands.max(1)).map(|_| Vec::new()).collect();
    for (at, one) in all.enumerate() {
        let hand = at % dealt.len();
        dealt[hand].push(one);
    }
    dealt
}

/// The opposite.
fn gathered<R>(count: usize, dealt: Vec<Vec<R>>) -> Vec<R> {
    let mut hands: Vec<_> = dealt.into_iter().map(Vec::into_iter).collect();
    let hand = hands.len();
    (0..count).filter_map(|at| hands[at % hand].next()).collect()
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
            for threads in 1..5 {
                let told = run(dealt(threads, all.iter().copied()), |part| part);
                assert_eq!(told.len(), threads);
                assert_eq!(gathered(count, told), all, "{count} {threads}");
            }
            assert_eq!(each(all.iter(), |n| n + 1), (1..=count).collect::<Vec<_>>());
            assert_eq!(
                parts(&all, |part| part.iter().sum::<usize>()).iter().sum::<usize>(),
                all.iter().sum::<usize>()
            );
        }
    }
}
