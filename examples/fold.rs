//! scratch
use lamtop::{correlate::Correlator, ingest::Batch, model::*, report::*};
use std::io::Read;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let mut f = std::fs::File::open(&args[1]).unwrap();
    let rule = if args.get(2).is_some_and(|a| a == "start") { TimeRule::Start } else { TimeRule::End };
    let keys = Keys { bucket_ms: Some(60_000), ..Keys::default() };
    let mut fold = Fold::new(keys, rule, Window { from: Timestamp::MIN, to: Timestamp::NEVER });
    let mut c = Correlator::default();
    let mut buf: Vec<u8> = vec![0; 1 << 18];
    let mut have = 0;
    let mut offset = 0;
    loop {
        if buf.len() < 1 << 18 {
            buf.resize(1 << 18, 0);
        }
        let n = f.read(&mut buf[have..]).unwrap();
        if n == 0 {
            break;
        }
        have += n;
        let Some(end) = memchr::memrchr(b'\n', &buf[..have]) else { continue };
        let rest = buf[end + 1..have].to_vec();
        buf.truncate(end + 1);
        let b = Batch::decode(Chunk {
            source: SourceId(0),
            offset,
            arrived: None,
            bytes: std::mem::take(&mut buf),
            cut: 0,
        });
        for r in b.records() {
            c.record(r, &mut fold);
        }
        offset += end as u64 + 1;
        buf = b.into_chunk().bytes;
        if buf.len() < 1 << 18 {
            buf.resize(1 << 18, 0);
        }
        have = rest.len();
        buf[..have].copy_from_slice(&rest);
    }
    let (rows, names) = fold.rows(&c.open());
    let t = by_table(rows, &names, keys, c.texts(), &|e| c.stream(e).to_string());
    t.print(Format::Tsv, &mut std::io::stdout().lock()).unwrap();
}
