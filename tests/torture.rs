//! A writer that never pauses and rotates its logs in every way, followed by the real `lamtop
//! record`: every numbered record comes out once, and in order. `cargo test` runs some seconds of it;
//! `LAMTOP_TORTURE=2000000,500 cargo test --release --test torture -- --nocapture` so many records
//! through so many rotations.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use support::{program, until};

const LOGS: [&str; 6] = ["renamed", "shifted", "halved", "copied", "linked", "emptied"];

/// One log that is written to.
struct Log {
    name: &'static str,
    folder: PathBuf,
    file: File,
    written: u64,
    rotations: u64,
}

impl Log {
    fn new(name: &'static str, folder: &Path) -> Self {
        let at = folder.join(format!("{name}.log"));
        if name == "linked" {
            symlink("linked.0", &at).unwrap();
        }
        let file = append(&at);
        Self { name, folder: folder.to_path_buf(), file, written: 0, rotations: 0 }
    }

    fn at(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("{}.log{ending}", self.name))
    }

    fn record(&mut self) -> String {
        let (name, n) = (self.name, self.written);
        self.written += 1;
        format!(
            "{{\"logGroup\":\"/aws/lambda/{name}\",\"logStream\":\"2026/11/23/[$LATEST]{name}\",\"timestamp\":{},\"message\":\"n={name}:{n} and something more to read\"}}\n",
            1_795_420_800_000 + n
        )
    }

    fn write(&mut self, records: u64) {
        let text: String = (0..records).map(|_| self.record()).collect();
        self.file.write_all(text.as_bytes()).unwrap();
    }

    fn rotate(&mut self) {
        self.rotations += 1;
        let (current, full) = (self.at(""), self.at(&format!(".{}", self.rotations)));
        match self.name {
            "renamed" => {
                fs::rename(&current, &full).unwrap();
                self.file = append(&current);
                // Some later it is compressed, as logrotate does it.
                if let Some(older) = self.rotations.checked_sub(3) {
                    let plain = self.at(&format!(".{older}"));
                    let mut packed = self.at(&format!(".{older}.gz")).into_os_string();
                    if plain.exists() {
                        compress(&plain, Path::new(&packed));
                        packed.clear();
                        fs::remove_file(&plain).unwrap();
                    }
                }
            }
            // The newest is always number 1, and all others move on.
            "shifted" => {
                for n in (1..self.rotations).rev() {
                    fs::rename(self.at(&format!(".{n}")), self.at(&format!(".{}", n + 1))).unwrap();
                }
                fs::rename(&current, self.at(".1")).unwrap();
                self.file = append(&current);
            }
            "halved" => {
                let record = self.record();
                let (head, rest) = record.as_bytes().split_at(40);
                self.file.write_all(head).unwrap();
                fs::rename(&current, &full).unwrap();
                let mut old = std::mem::replace(&mut self.file, append(&current));
                self.write(3);
                old.write_all(rest).unwrap();
            }
            "copied" => {
                fs::copy(&current, &full).unwrap();
                self.file.set_len(0).unwrap();
            }
            "linked" => {
                let next = format!("linked.{}", self.rotations);
                self.file = append(&self.folder.join(&next));
                symlink(&next, self.at(".next")).unwrap();
                fs::rename(self.at(".next"), current).unwrap();
            }
            // Emptied without a copy: what was not read by then nobody can read.
            _ => self.file.set_len(0).unwrap(),
        }
    }
}

fn append(path: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).unwrap()
}

fn compress(plain: &Path, packed: &Path) {
    let hidden = plain.with_file_name(".packing");
    let mut bytes = Vec::new();
    File::open(plain).unwrap().read_to_end(&mut bytes).unwrap();
    let mut encoder =
        flate2::write::GzEncoder::new(File::create(&hidden).unwrap(), flate2::Compression::fast());
    encoder.write_all(&bytes).unwrap();
    encoder.finish().unwrap();
    fs::rename(&hidden, packed).unwrap();
}

/// Records and rotations: as many as were asked for, else so many.
fn size(else_so_many: (u64, u64)) -> (u64, u64) {
    let Ok(said) = std::env::var("LAMTOP_TORTURE") else { return else_so_many };
    let (records, rotations) = said.split_once(',').unwrap();
    (records.parse().unwrap(), rotations.parse().unwrap())
}

#[test]
fn every_record_comes_out_once_and_in_order() {
    torture("1024", size((100_000, 100)));
}

/// Where few files may be open the system gives the inodes of those that were deleted to new ones, and more
/// packed files wait to be read than may be open.
#[test]
fn so_it_does_where_few_files_may_be_open() {
    let file = tempfile::tempfile().unwrap();
    if let Err(error) = file.metadata().unwrap().created() {
        return println!("skipped: here nobody knows when a file was made ({error})");
    }
    torture("48", size((60_000, 600)));
}

/// Has it follow while it may open so many files, and stand still now and then.
fn torture(open_files: &str, (records, rotations): (u64, u64)) {
    let dir = tempfile::tempdir().unwrap();
    let (logs, out) = (dir.path().join("logs"), dir.path().join("out.ndjson"));
    fs::create_dir(&logs).unwrap();
    let mut all: Vec<Log> = LOGS.iter().map(|name| Log::new(name, &logs)).collect();
    all.iter_mut().for_each(|log| log.write(1));
    let recording = Command::new("sh")
        .args(["-c", r#"ulimit -n "$0" && exec "$@""#, open_files])
        .arg(program())
        .args(["record", logs.to_str().unwrap(), "--idle-exit", "4s", "--out", out.to_str().unwrap()])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let process = Pid::from_child(&recording);
    let stderr = std::thread::spawn({
        let mut recording = recording;
        move || {
            let mut said = String::new();
            recording.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            (recording.wait().unwrap(), said)
        }
    });
    until("the first records", || {
        out.exists() && fs::read_to_string(&out).unwrap().lines().count() == LOGS.len()
    });
    // Written in a few strokes between rotations, as a program does that never pauses.
    let (strokes, count) = (5, all.len() as u64);
    for turn in 0..rotations.div_ceil(count) {
        // A busy machine lets it wait through some rotations.
        match turn % 6 {
            1 => kill_process(process, Signal::STOP).unwrap(),
            5 => kill_process(process, Signal::CONT).unwrap(),
            _ => {}
        }
        for log in &mut all {
            for _ in 0..strokes {
                log.write(records.div_ceil(rotations * strokes));
            }
            log.rotate();
        }
        assert!(!stderr.is_finished(), "it ended after {turn} turns");
    }
    kill_process(process, Signal::CONT).unwrap();
    all.iter_mut().for_each(|log| log.write(1));
    let (status, said) = stderr.join().unwrap();
    assert!(status.success(), "{said}");

    let mut seen: BTreeMap<&str, Vec<u32>> =
        all.iter().map(|log| (log.name, vec![0; log.written as usize])).collect();
    let mut behind: BTreeMap<&str, (u64, u64, Vec<String>)> = BTreeMap::new();
    for line in BufReader::new(File::open(&out).unwrap()).lines() {
        let line = line.unwrap();
        let record =
            line.split_once("n=").and_then(|(_, rest)| rest.split_once(' ')).map(|(record, _)| record);
        let Some((name, n)) = record.and_then(|record| record.split_once(':')) else {
            // Half of it was read when its file was emptied; a capture keeps that, as it came.
            assert!(line.contains("/emptied.log\",\"raw\":"), "no record: {line}");
            continue;
        };
        let (name, count) = seen.get_key_value(name).map(|(name, count)| (*name, count.len())).unwrap();
        let n: u64 = n.parse().unwrap();
        assert!((n as usize) < count, "{line}");
        seen.get_mut(name).unwrap()[n as usize] += 1;
        let (newest, earlier, jumps) = behind.entry(name).or_default();
        *earlier += u64::from(n < *newest);
        if (n < *newest || n > *newest + 1) && *name != *"emptied" && jumps.len() < 9 {
            jumps.push(format!("{n} after {newest}"));
        }
        *newest = n.max(*newest);
    }
    for log in &all {
        let times = &seen[log.name];
        let lost = times.iter().filter(|n| **n == 0).count();
        let twice = times.iter().filter(|n| **n > 1).count();
        println!(
            "{}: {} records, {} rotations, {lost} lost, {twice} twice, {} behind a later one",
            log.name, log.written, log.rotations, behind[log.name].1
        );
        assert_eq!(twice, 0, "{} twice; said {said}", log.name);
        // What was compressed and deleted before anybody saw it comes when its packed form is whole.
        let packed = fs::read_dir(&logs).unwrap().flatten().filter(|entry| {
            let name = entry.file_name().into_string().unwrap();
            name.ends_with(".gz")
                && !said.contains(&format!("{name} holds in compressed form what was read already"))
        });
        let late =
            if log.name == "renamed" { packed.count() as u64 * (log.written / log.rotations) } else { 0 };
        let of_it = |line: &&str| line.contains(&format!("{}.log", log.name));
        let said_of_it: Vec<&str> = said.lines().filter(of_it).collect();
        let jumps = &behind[log.name].2;
        assert!(behind[log.name].1 <= late, "{} out of order: {jumps:?}; said {said_of_it:#?}", log.name);
        if log.name != "emptied" {
            assert_eq!(lost, 0, "{} lost; said {said}", log.name);
        } else if lost > 0 {
            let emptied = said.lines().filter(|line| {
                line.contains("emptied.log was") && line.contains(" lost unless a copy of it holds ")
            });
            assert!(emptied.count() > 0, "{lost} lost, and nothing said: {said}");
        }
    }
}
