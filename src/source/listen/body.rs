//! What a post holds: its body unpacked and turned into frames, within bounds. Pure.

use std::io::{self, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::MultiGzDecoder;
use serde::Deserialize;

use super::super::packed::GZIP;
use super::otlp::{self, Mistake};
use super::{Key, frames};

/// Bytes of the longest body as it comes. Firehose sends 5 MiB unless told otherwise.
pub(super) const LONGEST: usize = 16 << 20;
/// Bytes of the longest body unpacked, and of its frames.
pub(super) const UNPACKED: usize = 64 << 20;

/// How the sender speaks, and so how it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speech {
    /// OpenTelemetry, JSON.
    OtlpJson,
    /// OpenTelemetry, protobuf.
    OtlpProtobuf,
    /// Amazon Data Firehose.
    Firehose,
    /// Anything else: a body of frames.
    Frames,
}

/// Why a post is not taken: a status, and a sentence for whoever sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// What is wrong, and what to do.
    pub why: &'static str,
}

/// More comes than is read: try again.
pub(super) const NO_ROOM: Refusal =
    Refusal { status: 429, why: "more comes than lamtop can read; send this again in a second" };
/// Too much is being sent at once: try again.
pub(super) const BUSY: Refusal =
    Refusal { status: 503, why: "too many posts at once; send this again in a second" };
/// The body is too long.
pub(super) const TOO_LONG: Refusal =
    Refusal { status: 413, why: "the body is over 16 MiB, or 64 MiB unpacked; send smaller batches" };
/// It took too long to come.
pub(super) const TOO_SLOW: Refusal = Refusal { status: 408, why: "the body did not come within 30 s" };
/// No key was shown.
const NO_KEY: Refusal = Refusal {
    status: 401,
    why: "an access key is needed: X-Amz-Firehose-Access-Key, or Authorization: Bearer KEY",
};
/// Another key was shown.
const WRONG_KEY: Refusal = Refusal { status: 403, why: "this is not the access key" };
/// Unknown Content-Encoding.
const ENCODING: Refusal = Refusal {
    status: 415,
    why: "this Content-Encoding is not read; send the body plain or with gzip (OTEL_EXPORTER_OTLP_COMPRESSION=gzip)",
};
/// It can't be unpacked.
const NOT_GZIP: Refusal = Refusal { status: 400, why: "the body is not the gzip data it should be" };
/// Not OpenTelemetry's.
const NOT_OTLP: Refusal = Refusal { status: 400, why: "the body is no ExportTraceServiceRequest" };
/// Not Firehose's.
const NOT_FIREHOSE: Refusal = Refusal {
    status: 400,
    why: "the body is no Firehose delivery: {requestId, timestamp, records: [{data}]}",
};
/// A record's data is no base64.
const NOT_BASE64: Refusal = Refusal { status: 400, why: "a record's data is not the base64 it should be" };

/// A key that was shown is compared with the one that is wanted, if one is.
pub(super) fn allow(wanted: Option<&Key>, shown: Option<&[u8]>) -> Result<(), Refusal> {
    match (wanted, shown) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(NO_KEY),
        (Some(key), Some(shown)) if key.is(shown) => Ok(()),
        (Some(_), Some(_)) => Err(WRONG_KEY),
    }
}

/// What came of a body.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unpacked {
    /// Whole lines.
    pub frames: Vec<u8>,
    /// The id of a Firehose delivery, which its answer has to name.
    pub request_id: Option<String>,
}

/// A Firehose delivery.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivery<'a> {
    request_id: String,
    #[serde(borrow)]
    records: Vec<Datum<'a>>,
}

#[derive(Deserialize)]
struct Datum<'a> {
    #[serde(borrow)]
    data: std::borrow::Cow<'a, str>,
}

/// Reads a body that came with this Content-Encoding.
pub(super) fn read(speech: Speech, encoding: Option<&str>, body: &[u8]) -> Result<Unpacked, Refusal> {
    let unpacked = match encoding.map(str::to_ascii_lowercase).as_deref() {
        None | Some("" | "identity") => None,
        Some("gzip" | "x-gzip") => Some(inflate(body, UNPACKED)?),
        Some(_) => return Err(ENCODING),
    };
    let body = unpacked.as_deref().unwrap_or(body);
    let mut out = Unpacked::default();
    let otlp = |mistake| match mistake {
        Mistake::Broken => NOT_OTLP,
        Mistake::TooLong => TOO_LONG,
    };
    match speech {
        Speech::OtlpJson => otlp::json(body, UNPACKED, &mut out.frames).map_err(otlp)?,
        Speech::OtlpProtobuf => otlp::protobuf(body, UNPACKED, &mut out.frames).map_err(otlp)?,
        Speech::Firehose => out = delivery(serde_json::from_slice(body).map_err(|_| NOT_FIREHOSE)?)?,
        Speech::Frames => match looks_delivered(body).then(|| serde_json::from_slice(body)) {
            Some(Ok(delivered)) => out = delivery(delivered)?,
            // A writer that packs files posts them as they are.
            _ if body.starts_with(&GZIP) => frames::split(&inflate(body, UNPACKED)?, &mut out.frames),
            _ => frames::split(body, &mut out.frames),
        },
    }
    Ok(out)
}

/// Whether a body may be a Firehose delivery without its headers.
fn looks_delivered(body: &[u8]) -> bool {
    let head = body.trim_ascii_start();
    head.first() == Some(&b'{')
        && memchr::memmem::find(&head[..head.len().min(512)], b"\"requestId\"").is_some()
}

fn delivery(delivery: Delivery<'_>) -> Result<Unpacked, Refusal> {
    let mut frames = Vec::new();
    let mut left = UNPACKED;
    for Datum { data } in delivery.records {
        let data = STANDARD.decode(data.as_bytes()).map_err(|_| NOT_BASE64)?;
        let unpacked = if data.starts_with(&GZIP) { Some(inflate(&data, left)?) } else { None };
        let data = unpacked.as_deref().unwrap_or(&data);
        left = left.checked_sub(data.len()).ok_or(TOO_LONG)?;
        frames::split(data, &mut frames);
    }
    Ok(Unpacked { frames, request_id: Some(delivery.request_id) })
}

/// Unpacks gzip data of at most `most` bytes.
fn inflate(packed: &[u8], most: usize) -> Result<Vec<u8>, Refusal> {
    let mut out = Vec::new();
    let read: io::Result<usize> = MultiGzDecoder::new(packed).take(most as u64 + 1).read_to_end(&mut out);
    match read {
        Ok(_) if out.len() > most => Err(TOO_LONG),
        Ok(_) => Ok(out),
        Err(_) => Err(NOT_GZIP),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::packed::tests::gzipped;
    use super::super::otlp::tests::{request, span};
    use super::*;
    use serde_json::json;

    fn text(read: Result<Unpacked, Refusal>) -> String {
        String::from_utf8(read.unwrap().frames).unwrap()
    }

    #[test]
    fn a_key_is_wanted_or_not() {
        let key = Key::new("k");
        assert_eq!(allow(None, Some(b"x")), Ok(()));
        assert_eq!(allow(Some(&key), None), Err(NO_KEY));
        assert_eq!(allow(Some(&key), Some(b"x")), Err(WRONG_KEY));
        assert_eq!(allow(Some(&key), Some(b"k")), Ok(()));
    }

    #[test]
    fn a_delivery_is_unpacked_record_by_record() {
        let payload = br#"{"messageType":"DATA_MESSAGE","logGroup":"g","logStream":"s","logEvents":[]}"#;
        let twice = [payload, &payload[..]].concat();
        let metrics = b"{\"metric_name\":\"Errors\"}\n{\"metric_name\":\"Throttles\"}\n";
        let body = json!({"requestId": "r-1", "timestamp": 5, "records": [
            {"data": STANDARD.encode(gzipped(&twice))}, {"data": STANDARD.encode(metrics)},
        ]});
        let body = serde_json::to_vec_pretty(&body).unwrap();
        for speech in [Speech::Firehose, Speech::Frames] {
            let read = read(speech, None, &body).unwrap();
            assert_eq!(read.request_id.as_deref(), Some("r-1"));
            let payload = std::str::from_utf8(payload).unwrap();
            let metrics = std::str::from_utf8(metrics).unwrap();
            assert_eq!(String::from_utf8(read.frames).unwrap(), format!("{payload}\n{payload}\n{metrics}"));
        }
        assert_eq!(read(Speech::Firehose, None, b"{}"), Err(NOT_FIREHOSE));
        let bad = br#"{"requestId":"r","records":[{"data":"?"}]}"#;
        assert_eq!(read(Speech::Firehose, None, bad), Err(NOT_BASE64));
        // An application's line with such a member is its line.
        let line = "{\"requestId\":\"r\",\"level\":\"INFO\"}\n";
        assert_eq!(text(read(Speech::Frames, None, line.as_bytes())), line);
    }

    #[test]
    fn packed_bodies_are_unpacked_within_bounds() {
        let lines = b"one\ntwo\n";
        assert_eq!(text(read(Speech::Frames, Some("gzip"), &gzipped(lines))), "one\ntwo\n");
        assert_eq!(text(read(Speech::Frames, None, &gzipped(lines))), "one\ntwo\n");
        assert_eq!(read(Speech::Frames, Some("gzip"), lines), Err(NOT_GZIP));
        assert_eq!(read(Speech::Frames, Some("br"), lines), Err(ENCODING));
        let bomb = gzipped(&vec![b' '; UNPACKED + 1]);
        assert!(bomb.len() < 1 << 20);
        assert_eq!(read(Speech::Frames, Some("gzip"), &bomb), Err(TOO_LONG));
        let body = json!({"requestId": "r", "timestamp": 1, "records": [{"data": STANDARD.encode(&bomb)}]});
        assert_eq!(read(Speech::Firehose, None, body.to_string().as_bytes()), Err(TOO_LONG));
        let packed = gzipped(&request(&[span("pay")]));
        assert!(text(read(Speech::OtlpProtobuf, Some("gzip"), &packed)).contains("\"name\":\"pay\""));
        assert_eq!(read(Speech::OtlpProtobuf, None, b"x"), Err(NOT_OTLP));
    }
}
