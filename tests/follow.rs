//! Following files while they grow, are rotated, and go: each record once.
//!
//! Every case runs with the system's notices and without: notices are only a hint.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use lamtop::source::{Kind, Mode, Options};
use proptest::prelude::*;
use support::follow::{Follow, options};
use tempfile::TempDir;

/// A folder that is followed.
struct Case {
    dir: TempDir,
    notify: bool,
}

impl Case {
    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn append(&self, name: &str, text: &str) {
        append(&self.at(name)).write_all(text.as_bytes()).unwrap();
    }

    fn options(&self) -> Options {
        options(self.notify)
    }

    fn follow(&self) -> Follow {
        Follow::start(&[self.dir.path()], self.options())
    }
}

fn append(path: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).unwrap()
}

type Packer = fn(&[u8]) -> Vec<u8>;
/// Ways to compress, by their files' endings.
const PACKS: [(&str, Packer); 2] = [("gz", gzipped), ("zst", zst)];

fn zst(text: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
}

fn gzipped(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// Runs a case with notices and without.
fn each(case: impl Fn(&Case)) {
    for notify in [true, false] {
        case(&Case { dir: tempfile::tempdir().unwrap(), notify });
    }
}

/// So many lines of 64 bytes: more than tells a file from all others.
fn many(name: &str, lines: usize) -> Vec<String> {
    (0..lines).map(|n| format!("{name} {n:04} {}", "-".repeat(57 - name.len()))).collect()
}

fn text(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn refs(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}

#[test]
fn what_is_appended_comes_and_half_a_line_waits_for_its_end() {
    each(|case| {
        case.append("a.log", "one\ntw");
        let mut follow = case.follow();
        follow.wait_lines(&["one"]);
        follow.wait("caught up", |it| it.caught_up.len() == 1);
        case.append("a.log", "o");
        follow.settle(case.dir.path(), "z1");
        follow.wait_lines(&["one"]);
        case.append("a.log", "\nthree\n");
        follow.wait_lines(&["one", "two", "three"]);
        assert!(follow.troubles.is_empty(), "{:?}", follow.troubles);
    });
}

#[test]
fn new_files_and_folders_and_matches_are_found() {
    each(|case| {
        let mut follow = case.follow();
        follow.wait_trouble("no file in this folder; waiting for one");
        case.append("a.log", "one\n");
        follow.wait_lines(&["one"]);
        fs::create_dir_all(case.at("sub/deeper")).unwrap();
        case.append("sub/deeper/b.log", "two\n");
        follow.wait_lines(&["one", "two"]);
        case.append("sub/.hidden", "no\n");
        case.append("sub/c.log", "three\n");
        follow.wait_lines(&["one", "two", "three"]);
        case.append("sub/deeper/b.log", "four\n");
        follow.wait_lines(&["one", "two", "three", "four"]);
    });
    each(|case| {
        fs::create_dir(case.at("x")).unwrap();
        let mut follow = Follow::start(&[&case.at("*/*.log")], case.options());
        follow.wait_trouble("no file matches; waiting for one");
        case.append("x/a.txt", "no\n");
        case.append("x/a.log", "one\n");
        follow.wait_lines(&["one"]);
        fs::create_dir(case.at("y")).unwrap();
        case.append("y/b.log", "two\n");
        follow.wait_lines(&["one", "two"]);
    });
}

#[test]
fn renamed_and_created_anew() {
    each(|case| {
        case.append("a.log", "one\n");
        let mut follow = case.follow();
        follow.wait_lines(&["one"]);
        let mut old = append(&case.at("a.log"));
        old.write_all(b"two\nthr").unwrap();
        fs::rename(case.at("a.log"), case.at("a.log.1")).unwrap();
        case.append("a.log", "four\n");
        follow.wait_lines(&["one", "two", "four"]);
        old.write_all(b"ee\n").unwrap();
        follow.wait_lines(&["one", "two", "four", "three"]);
        // Numbers move on.
        fs::rename(case.at("a.log.1"), case.at("a.log.2")).unwrap();
        fs::rename(case.at("a.log"), case.at("a.log.1")).unwrap();
        case.append("a.log", "five\n");
        follow.wait("five", |it| it.lines.len() == 5);
        follow.settle(case.dir.path(), "z1");
        follow.wait_lines(&["one", "two", "four", "three", "five"]);
        assert_eq!(follow.ended.len(), 0, "what was renamed may still grow");
    });
}

#[test]
fn a_single_file_is_followed_through_its_rotation() {
    each(|case| {
        case.append("a.log", "one\n");
        let mut follow = Follow::start(&[&case.at("a.log")], case.options());
        follow.wait_lines(&["one"]);
        let mut old = append(&case.at("a.log"));
        fs::rename(case.at("a.log"), case.at("a.log.1")).unwrap();
        case.append("a.log", "two\n");
        follow.wait_lines(&["one", "two"]);
        old.write_all(b"late\n").unwrap();
        follow.wait_lines(&["one", "two", "late"]);
        case.append("b.log", "another's\n");
        case.append("a.log", "three\n");
        follow.wait_lines(&["one", "two", "late", "three"]);
    });
}

#[test]
fn copied_and_truncated() {
    for lines in [1, 3, 40] {
        each(|case| {
            let (first, second) = (many("first", lines), many("second", lines));
            case.append("a.log", &text(&first));
            let mut follow = case.follow();
            follow.wait_lines(&refs(&first));
            fs::copy(case.at("a.log"), case.at("a.log.1")).unwrap();
            OpenOptions::new().write(true).open(case.at("a.log")).unwrap().set_len(0).unwrap();
            case.append("a.log", &text(&second));
            let want = [first, second].concat();
            follow.wait("both", |it| it.lines.len() >= want.len());
            follow.settle(case.dir.path(), "z1");
            follow.wait_lines(&refs(&want));
            // Nobody writes to a copy, mostly; but then it is no longer one.
            case.append("a.log.1", "more\n");
            follow.wait("more", |it| it.lines.len() > want.len());
            assert_eq!(follow.lines.last().unwrap(), "more");
        });
    }
}

#[test]
fn what_was_emptied_before_it_was_read_is_counted() {
    each(|case| {
        case.append("a.log", "a first\n");
        case.append("b.log", "b first\n");
        let mut follow = Follow::start(&[case.dir.path()], Options { queue: 1, ..case.options() });
        follow.wait("both", |it| it.lines.len() == 2);
        // Nobody takes what comes of one, so what comes to the other waits, and is seen at once.
        case.append("b.log", &text(&many("b", 100_000)));
        follow.wait("the other", |it| it.lines.len() > 2);
        let long = text(&many("a", 200_000));
        case.append("a.log", &long);
        follow.wait("more of the one", |it| {
            it.lines.last().is_some_and(|line| line.ends_with('-') && line.starts_with('a'))
        });
        OpenOptions::new().write(true).open(case.at("a.log")).unwrap().set_len(0).unwrap();
        follow.wait_trouble("lost unless a copy of it holds them");
        case.append("a.log", "a anew\n");
        follow.wait("what came after", |it| it.lines.iter().any(|line| line == "a anew"));
        let of_it = |line: &&String| line.starts_with('a') && !["a first", "a anew"].contains(&line.as_str());
        let read: usize = follow.lines.iter().filter(of_it).map(|line| line.len() + 1).sum();
        let anew = follow.from[follow.lines.iter().position(|line| line == "a anew").unwrap()];
        follow.wait("the count", |it| it.notes.contains_key(&anew));
        let lost: usize = follow.notes[&anew].split(' ').find_map(|word| word.parse().ok()).unwrap();
        // Half a line may have been read when the rest was gone: it has no end.
        let all = "a first\n".len() + long.len();
        assert!(lost > 0 && (all..=all + 1).contains(&(8 + read + lost)), "{read} {lost} of {all}");
    });
}

#[test]
fn what_was_not_read_before_a_truncation_is_read_from_the_copy() {
    for lines in [2, 3_000] {
        each(|case| {
            let (first, late, second) =
                (many("first", lines), many("late", lines), many("second", 2 * lines));
            case.append("a.log", &text(&first));
            // It can't go on before it is listened to.
            let mut follow = Follow::start(&[case.dir.path()], Options { queue: 1, ..case.options() });
            follow.wait("opened", |it| !it.opened.is_empty());
            case.append("a.log", &text(&late));
            case.append("a.log", "half a li");
            let mut old = OpenOptions::new().append(true).open(case.at("a.log")).unwrap();
            old.write_all(b"ne\n").unwrap();
            fs::copy(case.at("a.log"), case.at("a.log.1")).unwrap();
            old.set_len(0).unwrap();
            old.write_all(text(&second).as_bytes()).unwrap();
            let mut want = [first, late, vec!["half a line".to_string()]].concat();
            want.extend(second);
            follow.wait("all", |it| it.lines.len() >= want.len());
            follow.settle(case.dir.path(), "z1");
            follow.wait_lines(&refs(&want));
        });
    }
}

#[test]
fn deleted_and_created_anew() {
    each(|case| {
        let mut follow = case.follow();
        let mut want = Vec::new();
        for round in ["one", "two", "three"] {
            case.append("a.log", &format!("{round}\n"));
            want.push(round);
            follow.wait_lines(&want);
            fs::remove_file(case.at("a.log")).unwrap();
        }
        follow.settle(case.dir.path(), "z1");
        follow.wait_lines(&want);
    });
}

#[test]
fn a_symlink_is_switched() {
    each(|case| {
        let logs = case.at("logs");
        fs::create_dir(&logs).unwrap();
        case.append("day1", "one\n");
        symlink("../day1", logs.join("a.log")).unwrap();
        let mut follow = Follow::start(&[&logs], case.options());
        follow.wait_lines(&["one"]);
        case.append("day1", "two\n");
        follow.wait_lines(&["one", "two"]);
        case.append("day2", "three\n");
        symlink("../day2", logs.join(".next")).unwrap();
        fs::rename(logs.join(".next"), logs.join("a.log")).unwrap();
        follow.wait_lines(&["one", "two", "three"]);
        case.append("day1", "late\n");
        follow.wait_lines(&["one", "two", "three", "late"]);
        case.append("day2", "four\n");
        follow.wait_lines(&["one", "two", "three", "late", "four"]);
    });
}

#[test]
fn a_file_that_shrinks_is_read_from_its_start_and_said() {
    each(|case| {
        let first = many("first", 20);
        case.append("a.log", &text(&first));
        let mut follow = case.follow();
        follow.wait_lines(&refs(&first));
        fs::write(case.at("a.log"), "second\n").unwrap();
        follow.wait_trouble("read again from its start");
        follow.wait("second", |it| it.lines.len() == 21);
        assert_eq!(follow.lines[20], "second");
        let info = follow.named("a.log").unwrap().clone();
        let gone = follow.sources.catalog().reread(&info, 0, 64, 64).unwrap_err().to_string();
        assert!(gone.contains("was truncated or written anew"), "{gone}");
        // The same length, and other bytes.
        fs::write(case.at("a.log"), "THIRD!\n").unwrap();
        follow.wait("third", |it| it.lines.len() == 22);
        assert_eq!(follow.lines[21], "THIRD!");
    });
}

#[test]
fn a_compressed_sibling_is_read_only_if_its_original_was_not() {
    for (lines, (ending, pack)) in [(2, PACKS[0]), (40, PACKS[0]), (2, PACKS[1]), (40, PACKS[1])] {
        each(|case| {
            let (read, unread) = (many("read", lines), many("unread", lines));
            case.append("a.log", &text(&read));
            let mut follow = case.follow();
            follow.wait_lines(&refs(&read));
            fs::rename(case.at("a.log"), case.at("a.log.1")).unwrap();
            fs::write(case.at(&format!("a.log.1.{ending}")), pack(text(&read).as_bytes())).unwrap();
            fs::remove_file(case.at("a.log.1")).unwrap();
            follow.wait_trouble("holds in compressed form what was read already");
            let other = format!("a.log.0.{ending}");
            fs::write(case.at(&other), pack(text(&unread).as_bytes())).unwrap();
            let want = [read, unread].concat();
            follow.wait("the other", |it| it.lines.len() >= want.len());
            follow.settle(case.dir.path(), "z1");
            follow.wait_lines(&refs(&want));
            assert_eq!(follow.named(&other).map(|info| info.kind), Some(Kind::Packed));
        });
    }
}

#[test]
fn a_compressed_file_that_holds_more_gives_only_that() {
    for (ending, pack) in PACKS {
        each(|case| {
            let all = many("all", 40);
            case.append("a.log", &text(&all[..30]));
            let mut follow = case.follow();
            follow.wait_lines(&refs(&all[..30]));
            fs::remove_file(case.at("a.log")).unwrap();
            fs::write(case.at(&format!("a.log.1.{ending}")), pack(text(&all).as_bytes())).unwrap();
            follow.wait_lines(&refs(&all));
        });
    }
}

#[test]
fn a_file_that_may_not_be_read_is_said_and_read_when_it_may() {
    if rustix::process::geteuid().is_root() {
        eprintln!("skipped: root may read everything");
        return;
    }
    each(|case| {
        case.append("a.log", "one\n");
        let mode = |bits| fs::set_permissions(case.at("a.log"), PermissionsExt::from_mode(bits)).unwrap();
        mode(0o000);
        case.append("b.log", "two\n");
        let mut follow = case.follow();
        follow.wait_trouble("permission denied");
        follow.wait_lines(&["two"]);
        mode(0o600);
        follow.wait_lines(&["two", "one"]);
    });
}

#[test]
fn what_can_not_be_read_is_said_once_and_again_when_it_is_to_be_tried_again() {
    each(|case| {
        std::os::unix::fs::symlink(case.at("loop.log"), case.at("loop.log")).unwrap();
        case.append("a.log", "one\n");
        let mut follow = case.follow();
        let said = |it: &Follow| it.troubles.iter().filter(|said| said.contains("loop.log")).count();
        follow.wait("the trouble", |it| said(it) == 1);
        // What came after more looks at everything came after no more words.
        for line in 0..5 {
            case.append("a.log", &format!("{line}\n"));
            follow.wait("the line", |it| it.lines.len() == line + 2);
        }
        assert_eq!(said(&follow), 1);
        follow.sources.retry().now();
        follow.wait("the trouble again", |it| said(it) == 2);
    });
}

#[test]
fn a_file_that_is_gone_ends_after_a_while() {
    each(|case| {
        case.append("a.log", "one\nhalf");
        let mut follow = Follow::start(&[case.dir.path()], Options { linger_ms: 50, ..case.options() });
        follow.wait_lines(&["one"]);
        fs::remove_file(case.at("a.log")).unwrap();
        follow.wait("the end", |it| it.ended.len() == 1);
        assert_eq!(follow.lines, ["one", "half"], "it will not be ended any more");
    });
}

#[test]
fn a_pipe_is_read_from_one_writer_after_another() {
    each(|case| {
        let path = case.at("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, 0o600.into()).unwrap();
        let mut follow = Follow::start(&[&path], case.options());
        let mut want = Vec::new();
        for writer in ["one", "two", "three"] {
            let mut pipe = OpenOptions::new().write(true).open(&path).unwrap();
            pipe.write_all(format!("{writer}\n").as_bytes()).unwrap();
            pipe.write_all(b"no end").unwrap();
            drop(pipe);
            want.extend([writer, "no end"]);
            follow.wait_lines(&want);
        }
        assert_eq!(follow.opened.len(), 1);
        assert_eq!(follow.ended.len(), 0);
    });
}

#[test]
fn folders_that_hold_themselves_end_nowhere() {
    each(|case| {
        fs::create_dir_all(case.at("a/b")).unwrap();
        symlink("../..", case.at("a/b/up")).unwrap();
        symlink(".", case.at("a/self")).unwrap();
        case.append("a/b/x.log", "one\n");
        let mut follow = case.follow();
        follow.wait_lines(&["one"]);
        symlink("..", case.at("a/again")).unwrap();
        case.append("a/b/y.log", "two\n");
        follow.wait_lines(&["one", "two"]);
        assert_eq!(follow.opened.len(), 2);
    });
}

#[test]
fn more_files_than_may_be_open() {
    each(|case| {
        let name = |n: usize| format!("{n:02}.log");
        (0..50).for_each(|n| case.append(&name(n), &format!("{n} a\n")));
        let mut follow = Follow::start(&[case.dir.path()], Options { open_files: 8, ..case.options() });
        follow.wait("the beginnings", |it| it.lines.len() == 50);
        (0..50).for_each(|n| case.append(&name(n), &format!("{n} b\n")));
        follow.wait("what was appended", |it| it.lines.len() == 100);
        for n in 0..50 {
            fs::rename(case.at(&name(n)), case.at(&format!("{}.1", name(n)))).unwrap();
            case.append(&format!("{}.1", name(n)), &format!("{n} c\n"));
            case.append(&name(n), &format!("{n} d\n"));
        }
        follow.wait("what came after", |it| it.lines.len() >= 200);
        follow.settle(case.dir.path(), "z1");
        let mut lines = follow.lines.clone();
        lines.sort();
        let mut want: Vec<_> =
            (0..50).flat_map(|n| ["a", "b", "c", "d"].map(|x| format!("{n} {x}"))).collect();
        want.sort();
        assert_eq!(lines, want);
    });
}

#[test]
fn the_newest_slice_begins_at_a_line() {
    each(|case| {
        let lines = many("long", 4_000);
        case.append("long.log", &text(&lines));
        case.append("short.log", "short\n");
        let options = Options { mode: Mode::Follow { newest_slice: Some(100_000) }, ..case.options() };
        let mut follow = Follow::start(&[case.dir.path()], options);
        follow.wait("both", |it| it.caught_up.len() == 2);
        let skipped = follow.named("long.log").unwrap().skipped;
        assert_eq!(follow.named("short.log").unwrap().skipped, 0);
        assert!((256_000 - 100_000..256_000 - 60_000).contains(&skipped), "{skipped}");
        assert_eq!(skipped % 64, 0, "in the middle of a line");
        follow.lines.retain(|line| line != "short");
        assert_eq!(follow.lines, lines[skipped as usize / 64..]);
        // The rest is there on demand, and nothing of it twice.
        let catalog = follow.sources.catalog();
        let info = follow.named("long.log").unwrap();
        let mut before = Vec::new();
        let mut range = catalog.range(info, 0, skipped, follow.sources.pool()).unwrap();
        while let Some(chunk) = range.next_chunk().unwrap() {
            before.extend(chunk.bytes);
        }
        assert_eq!(before, text(&lines[..skipped as usize / 64]).into_bytes());
    });
}

#[test]
fn dropping_the_sources_ends_all_threads_also_when_nobody_listens() {
    each(|case| {
        case.append("a.log", &"a line of a file that is longer than a queue\n".repeat(100_000));
        fs::write(case.at("b.gz"), gzipped("and one that is compressed\n".repeat(100_000).as_bytes()))
            .unwrap();
        let pipe = case.at("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, 0o600.into()).unwrap();
        let mut follow = Follow::start(&[case.dir.path(), &pipe], Options { queue: 1, ..case.options() });
        follow.wait("all are begun", |it| it.opened.len() == 3);
        let events = follow.sources.events().clone();
        drop(follow);
        // The channel closes when the last thread that could send is gone.
        while events.recv_timeout(std::time::Duration::from_secs(20)).is_ok() {}
        assert_eq!(events.try_recv(), Err(crossbeam_channel::TryRecvError::Disconnected));
    });
}

/// What a writer does next to one of its two logs.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Writes so many records.
    Write(usize),
    /// Writes the beginning of a record; its end comes with the next write, wherever the file is.
    Half,
    Rename,
    CopyAndTruncate,
    /// Compresses the oldest rotated file.
    Compress,
    /// Waits until all is read, then deletes and creates: before nobody could save it.
    Delete,
    /// Waits until all is read.
    Wait,
}

struct Writer {
    log: &'static str,
    file: File,
    records: usize,
    rotations: usize,
    rotated: Vec<PathBuf>,
    /// The file that ends in half a record, and its end.
    half: Option<(File, String)>,
}

impl Writer {
    fn new(case: &Case, log: &'static str) -> Self {
        let file = append(&case.at(log));
        Self { log, file, records: 0, rotations: 0, rotated: Vec::new(), half: None }
    }

    fn record(&mut self) -> String {
        self.records += 1;
        format!("{} {:04} {}", self.log, self.records, "x".repeat(self.records % 90))
    }

    fn end_half(&mut self) {
        if let Some((mut file, rest)) = self.half.take() {
            file.write_all(rest.as_bytes()).unwrap();
        }
    }

    fn step(&mut self, case: &Case, step: Step, follow: &mut Follow, all: &mut Vec<String>) {
        let current = case.at(self.log);
        match step {
            Step::Write(records) => {
                self.end_half();
                for _ in 0..records {
                    let record = self.record();
                    self.file.write_all(format!("{record}\n").as_bytes()).unwrap();
                    all.push(record);
                }
            }
            Step::Half => {
                self.end_half();
                let record = self.record();
                let (head, rest) = record.split_at(record.len() / 2);
                self.file.write_all(head.as_bytes()).unwrap();
                self.half = Some((self.file.try_clone().unwrap(), format!("{rest}\n")));
                all.push(record);
            }
            Step::Rename => {
                let full = self.full(case);
                fs::rename(&current, full).unwrap();
                self.file = append(&current);
            }
            Step::CopyAndTruncate => {
                // Half a record would go on in another place than it began.
                self.end_half();
                let full = self.full(case);
                fs::copy(&current, full).unwrap();
                self.file.set_len(0).unwrap();
            }
            Step::Compress => {
                self.end_half();
                if !self.rotated.is_empty() {
                    let plain = self.rotated.remove(0);
                    let packed = PathBuf::from(format!("{}.gz", plain.display()));
                    fs::write(packed, gzipped(&fs::read(&plain).unwrap())).unwrap();
                    fs::remove_file(plain).unwrap();
                }
            }
            Step::Delete => {
                self.end_half();
                follow.wait_all(all);
                fs::remove_file(&current).unwrap();
                self.file = append(&current);
            }
            Step::Wait => {
                self.end_half();
                follow.wait_all(all);
            }
        }
    }

    fn full(&mut self, case: &Case) -> PathBuf {
        self.rotations += 1;
        let full = case.at(&format!("{}.{}", self.log, self.rotations));
        self.rotated.push(full.clone());
        full
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]
    #[test]
    fn whatever_a_writer_does_each_record_comes_once(
        steps in prop::collection::vec(
            (0usize..2, prop_oneof![
                6 => (1usize..30).prop_map(Step::Write),
                2 => Just(Step::Half),
                2 => Just(Step::Rename),
                2 => Just(Step::CopyAndTruncate),
                1 => Just(Step::Compress),
                1 => Just(Step::Delete),
                1 => Just(Step::Wait),
            ]),
            1..40,
        ),
        notify in any::<bool>(),
    ) {
        let case = Case { dir: tempfile::tempdir().unwrap(), notify };
        let mut writers = [Writer::new(&case, "a.log"), Writer::new(&case, "b.log")];
        let mut follow = case.follow();
        // What is there at the start is read side by side.
        follow.wait("both are opened", |it| it.opened.len() == 2);
        let mut all = Vec::new();
        let any = |kind: fn(&Step) -> bool| steps.iter().any(|(_, step)| kind(step));
        // Who renames as well what was emptied unseen leaves nothing that tells when its contents began.
        let both = |log| {
            let any = |kind: fn(&Step) -> bool| steps.iter().any(|(of, step)| *of == log && kind(step));
            any(|step| matches!(step, Step::Rename)) && any(|step| matches!(step, Step::CopyAndTruncate))
        };
        // Half a line begins many, and a file that was just made and emptied holds less.
        let is_little = |step: &Step| matches!(step, Step::Half | Step::Delete);
        let little = any(is_little) && any(|step| matches!(step, Step::CopyAndTruncate));
        let told = [0, 1].map(|log| !both(log) && !little && !any(|step| matches!(step, Step::Compress)));
        for (writer, step) in steps {
            if matches!(step, Step::Wait | Step::Delete) {
                writers.iter_mut().for_each(Writer::end_half);
            }
            writers[writer].step(&case, step, &mut follow, &mut all);
        }
        writers.iter_mut().for_each(Writer::end_half);
        follow.wait_all(&all);
        follow.settle(case.dir.path(), "z1");
        follow.settle(case.dir.path(), "z2");
        // In order in each log; what was compressed before it was seen may come later. Half a record that
        // was read before its file was emptied is given as it was.
        let mut newest = std::collections::BTreeMap::new();
        let whole = follow.lines.iter().zip(&follow.from).filter(|(line, _)| all.contains(line));
        for (line, source) in whole {
            let log = usize::from(line.starts_with('b'));
            let log = if told[log] { log as u32 } else { 2 + source.0 };
            let before = newest.insert(log, line.clone());
            prop_assert!(before.as_ref().is_none_or(|before| before < line), "{before:?} before {line:?} of {:?}, got {:?}, said {:?}", follow.opened[source].path, follow.lines, follow.troubles);
        }
        let mut lines = follow.lines.clone();
        lines.retain(|line| all.contains(line) || !all.iter().any(|record| record.starts_with(line)));
        lines.sort();
        all.sort();
        prop_assert_eq!(lines, all, "said {:?}", follow.troubles);
    }
}
