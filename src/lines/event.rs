//! The event that a function logged of its own invocation: what sent it, and when that happened. Only
//! lines that somebody asks about are looked at, on demand, as all that this room does: reading and
//! decoding know nothing of it and cost what they did. Most of those lines are passed over after a look
//! for six words.
//!
//! Programs log their event as JSON, as JSON in a string, as Python's `print` shows a dictionary, or as
//! Node.js's `console.log` shows an object, with words before it or as a member of a record of their
//! own. So this is no parser: it walks keys and values with either quote or none, and takes nothing that
//! it does not know by its place and its shape; what merely mentions an event is none. Linear in the
//! text; a text that is not what it seems is nothing.
//!
//! The shapes are those of the Lambda developer guide, "Invoking Lambda with events from other AWS
//! services", one page a service.

use std::borrow::Cow;

use memchr::memmem;

use crate::model::Timestamp;
use crate::query::survey::EventSource;

/// Bytes of a text that are looked at.
const LOOKED: usize = 64 << 10;
/// Opening braces that may begin the event.
const BEGINS: usize = 4;
/// Records of a program's own, or strings, around it.
const AROUND: usize = 3;
/// Every event has one of these.
const WORDS: [&[u8]; 6] =
    [b"ventSource", b"detail-type", b"requestContext", b"awslogs", b"alarmArn", b"eliveryStreamArn"];

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What sent it.
    pub source: EventSource,
    /// When the earliest of what is in it happened, was sent or arrived; `None` where that is not told,
    /// and of requests, which nobody kept waiting in a queue.
    pub at: Option<Timestamp>,
    /// How many records are in it, of sources that send several at once; else 0.
    pub records: u32,
    /// Whether these are all: a text that is cut, or a list that is not printed whole, has more.
    pub whole: bool,
    /// Where the objects of S3 lie, each once for its record: bucket and first folders.
    pub prefixes: Vec<String>,
}

impl Event {
    /// One that is no list of records.
    fn of(source: EventSource, at: Option<Timestamp>) -> Self {
        Self { source, at, records: 0, whole: true, prefixes: Vec::new() }
    }
}

/// The event in a line's text.
pub fn event(text: &str) -> Option<Event> {
    let text = &text.as_bytes()[..text.len().min(LOOKED)];
    WORDS.iter().any(|word| memmem::find(text, word).is_some()).then(|| within(text, AROUND)).flatten()
}

fn within(text: &[u8], around: usize) -> Option<Event> {
    let begins = memchr::memchr_iter(b'{', text).take(BEGINS);
    begins.into_iter().find_map(|at| Walk { text, at: at + 1 }.event(around))
}

/// A place in a text.
#[derive(Clone, Copy)]
struct Walk<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn blank(&mut self) {
        while self.peek().is_ascii_whitespace() {
            self.at += 1;
        }
    }

    /// Passes over a byte, if it comes next.
    fn takes(&mut self, byte: u8) -> bool {
        self.blank();
        let takes = self.peek() == byte;
        self.at += usize::from(takes);
        takes
    }

    /// A text between quotes of either kind, or a word or number without.
    fn text(&mut self) -> Option<&'a [u8]> {
        self.blank();
        let quote = self.peek();
        let first = self.at;
        if quote == b'"' || quote == b'\'' {
            self.string()?;
            return self.text.get(first + 1..self.at - 1);
        }
        let word = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'.' | b'+' | b'$');
        while word(self.peek()) {
            self.at += 1;
        }
        self.text.get(first..self.at).filter(|text| !text.is_empty())
    }

    /// Passes over a text between quotes.
    fn string(&mut self) -> Option<()> {
        let quote = self.peek();
        self.at += 1;
        loop {
            let rest = self.text.get(self.at..)?;
            let next = memchr::memchr2(quote, b'\\', rest)?;
            self.at += next + 1;
            match rest[next] == quote {
                true => return Some(()),
                false => self.at += 1,
            }
        }
    }

    /// The next key of an object; its value comes next.
    fn key(&mut self) -> Option<&'a [u8]> {
        while self.takes(b',') {}
        if self.takes(b'}') {
            return None;
        }
        let key = self.text()?;
        self.takes(b':').then_some(key)
    }

    /// Passes over a value.
    fn skip(&mut self) -> Option<()> {
        let mut depth = 0usize;
        loop {
            match self.peek() {
                b'"' | b'\'' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' | b'(' => depth += 1,
                b'}' | b']' | b')' | b',' if depth == 0 => return Some(()),
                b'}' | b']' | b')' => depth -= 1,
                0 if self.at >= self.text.len() => return None,
                _ => {}
            }
            self.at += 1;
        }
    }

    /// An event whose opening brace was passed.
    fn event(mut self, around: usize) -> Option<Event> {
        let mut seen = Seen::default();
        let mut inside = None;
        while let Some(key) = self.key() {
            let value = self;
            match key {
                b"Records" if seen.records.is_none() => seen.records = self.records(),
                b"records" => seen.arrived = self.arrivals(),
                b"requestContext" => seen.request = value.request(),
                b"source" => seen.source = self.text(),
                b"detail-type" => seen.detail_type = self.text(),
                b"time" => seen.time = self.text().and_then(Timestamp::parse),
                b"eventSource" => seen.event_source = self.text(),
                b"httpMethod" => seen.method = true,
                b"routeKey" | b"rawPath" => seen.route = true,
                b"awslogs" => seen.awslogs = true,
                b"alarmArn" => seen.alarm = true,
                b"deliveryStreamArn" => seen.firehose = true,
                b"message" | b"msg" | b"event" | b"Event" | b"payload" | b"data" if around > 0 => {
                    inside = inside.or_else(|| value.inside(around - 1));
                }
                _ => {}
            }
            self.skip();
        }
        seen.event().or(inside)
    }

    /// The event that a member of a program's own record is.
    fn inside(mut self, around: usize) -> Option<Event> {
        self.blank();
        match self.peek() {
            b'{' => Walk { at: self.at + 1, ..self }.event(around),
            b'"' | b'\'' => {
                let text = self.text()?;
                memchr::memchr(b'{', text)?;
                within(&unescaped(text), around)
            }
            _ => None,
        }
    }

    /// A list of records that all are of one source: that, and their earliest time.
    fn records(&mut self) -> Option<Event> {
        if !self.takes(b'[') {
            return None;
        }
        let mut all: Option<Event> = None;
        while self.takes(b'{') {
            if let Some(record) = self.record() {
                match &mut all {
                    Some(of) => {
                        of.at = [of.at, record.at].into_iter().flatten().min();
                        of.records += record.records;
                        of.prefixes.extend(record.prefixes);
                    }
                    None => all = Some(record),
                }
            }
            self.takes(b',');
        }
        if let Some(of) = &mut all {
            of.whole = self.takes(b']');
        }
        all
    }

    /// A record whose opening brace was passed.
    fn record(&mut self) -> Option<Event> {
        let (mut source, mut at, mut place) = (None, None, None);
        while let Some(key) = self.key() {
            let value = *self;
            match key {
                b"s3" => place = value.object(),
                b"eventSource" | b"EventSource" => source = self.text().and_then(of_record),
                b"eventTime" => at = at.or(self.text().and_then(Timestamp::parse)),
                b"attributes" => {
                    // When it was sent, else when it was first received.
                    let sent = value.member(b"SentTimestamp").and_then(milliseconds);
                    let received =
                        || value.member(b"ApproximateFirstReceiveTimestamp").and_then(milliseconds);
                    at = sent.or_else(received).or(at);
                }
                b"kinesis" => at = value.member(b"approximateArrivalTimestamp").and_then(seconds).or(at),
                b"dynamodb" => at = value.member(b"ApproximateCreationDateTime").and_then(seconds).or(at),
                b"Sns" => at = value.member(b"Timestamp").and_then(Timestamp::parse).or(at),
                _ => {}
            }
            self.skip();
        }
        let prefixes = place.into_iter().collect();
        Some(Event { records: 1, prefixes, ..Event::of(source?, at) })
    }

    /// The bucket and the first folders of an object of S3.
    fn object(mut self) -> Option<String> {
        if !self.takes(b'{') {
            return None;
        }
        let (mut bucket, mut object) = (None, None);
        while let Some(key) = self.key() {
            let value = self;
            match key {
                b"bucket" => bucket = value.member(b"name"),
                b"object" => object = value.member(b"key"),
                _ => {}
            }
            self.skip()?;
        }
        Some(prefix(bucket?, object?))
    }

    /// What a member of an object is, if that is no object or list itself.
    fn member(mut self, name: &[u8]) -> Option<&'a [u8]> {
        if !self.takes(b'{') {
            return None;
        }
        while let Some(key) = self.key() {
            if key == name {
                return self.text();
            }
            self.skip()?;
        }
        None
    }

    /// When the earliest record arrived, of Firehose's list or of Kafka's lists by topic.
    fn arrivals(&mut self) -> Option<Timestamp> {
        let (mut at, end) = (None, {
            let mut end = *self;
            end.skip()?;
            end.at
        });
        let text = &self.text[..end];
        while self.at < end {
            match self.text() {
                Some(b"approximateArrivalTimestamp" | b"timestamp") if self.takes(b':') => {
                    at = [at, self.text().and_then(milliseconds)].into_iter().flatten().min();
                }
                Some(_) => {}
                // A string that does not end, or a sign between.
                None if self.at >= text.len() => break,
                None => self.at += 1,
            }
        }
        self.at = end;
        at
    }

    /// What a request came through.
    fn request(mut self) -> Option<EventSource> {
        if !self.takes(b'{') {
            return None;
        }
        let (mut source, mut url) = (None, false);
        while let Some(key) = self.key() {
            match key {
                b"elb" => source = Some(EventSource::LoadBalancer),
                b"http" => source = Some(EventSource::HttpApi),
                b"resourcePath" | b"apiId" if source.is_none() => source = Some(EventSource::RestApi),
                b"condition" => source = Some(EventSource::Destination),
                b"domainName" => {
                    let name = self.text().unwrap_or_default();
                    url = memmem::find(name, b".lambda-url.").is_some();
                }
                _ => {}
            }
            self.skip();
        }
        if url { Some(EventSource::FunctionUrl) } else { source }
    }
}

/// What a record's `eventSource` means. CloudTrail's records have one too, with a service's domain.
fn of_record(source: &[u8]) -> Option<EventSource> {
    Some(match source {
        b"aws:sqs" => EventSource::Sqs,
        b"aws:s3" => EventSource::S3,
        b"aws:sns" => EventSource::Sns,
        b"aws:kinesis" => EventSource::Kinesis,
        b"aws:dynamodb" => EventSource::DynamoDb,
        _ => return None,
    })
}

/// Members of an event's top level.
#[derive(Default)]
struct Seen<'a> {
    records: Option<Event>,
    arrived: Option<Timestamp>,
    request: Option<EventSource>,
    source: Option<&'a [u8]>,
    detail_type: Option<&'a [u8]>,
    event_source: Option<&'a [u8]>,
    time: Option<Timestamp>,
    method: bool,
    route: bool,
    awslogs: bool,
    alarm: bool,
    firehose: bool,
}

impl Seen<'_> {
    fn event(&self) -> Option<Event> {
        if let Some(event) = &self.records {
            return Some(event.clone());
        }
        let (source, at) = match self.event_source {
            Some(b"aws:kafka" | b"SelfManagedKafka") => (EventSource::Kafka, self.arrived),
            Some(b"aws:mq" | b"aws:amq" | b"aws:rmq") => (EventSource::Mq, None),
            _ if self.firehose => (EventSource::Firehose, self.arrived),
            _ if self.alarm => (EventSource::Alarm, self.time),
            _ => match (self.source, self.detail_type) {
                (Some(b"aws.events" | b"aws.scheduler"), Some(b"Scheduled Event")) => {
                    (EventSource::Schedule, self.time)
                }
                (Some(_), Some(_)) => (EventSource::EventBridge, self.time),
                _ if self.awslogs => (EventSource::Logs, None),
                _ => {
                    let through = self.request.filter(|of| match of {
                        EventSource::RestApi | EventSource::LoadBalancer => self.method,
                        EventSource::HttpApi | EventSource::FunctionUrl => self.route,
                        _ => true,
                    });
                    (through?, None)
                }
            },
        };
        Some(Event::of(source, at))
    }
}

/// Bytes of a prefix at most.
const PREFIX: usize = 120;
/// Folders of one.
const FOLDERS: usize = 2;

/// `bucket/folder/#/`: where an object lies, without what is another one each day or time, which is what
/// has digits; what lies in it further down is no prefix.
fn prefix(bucket: &[u8], key: &[u8]) -> String {
    let mut out = String::from_utf8_lossy(&bucket[..bucket.len().min(PREFIX)]).into_owned();
    out.push('/');
    let key = decoded(key);
    let folders: Vec<&[u8]> = key.split(|c| *c == b'/').collect();
    let folders = &folders[..folders.len().saturating_sub(1)];
    for folder in folders.iter().take(FOLDERS) {
        if folder.iter().any(u8::is_ascii_digit) {
            out.push_str("#/");
            break;
        }
        out.push_str(&String::from_utf8_lossy(folder));
        out.push('/');
    }
    out.truncate(out.floor_char_boundary(PREFIX));
    out
}

/// A key as it is called: in events it is written as in a form
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>).
fn decoded(key: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr2(b'+', b'%', key).is_none() {
        return Cow::Borrowed(key);
    }
    let digit = |c: Option<&u8>| c.and_then(|c| char::from(*c).to_digit(16));
    let (mut out, mut at) = (Vec::with_capacity(key.len()), 0);
    while let Some(c) = key.get(at) {
        let code = if *c == b'%' { digit(key.get(at + 1)).zip(digit(key.get(at + 2))) } else { None };
        out.push(match (c, code) {
            (_, Some((high, low))) => (high * 16 + low) as u8,
            (b'+', _) => b' ',
            (c, _) => *c,
        });
        at += if code.is_some() { 3 } else { 1 };
    }
    Cow::Owned(out)
}

fn number(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse::<f64>().ok().filter(|number| (0.0..1e15).contains(number))
}

fn milliseconds(text: &[u8]) -> Option<Timestamp> {
    number(text).map(|ms| Timestamp(ms as i64))
}

fn seconds(text: &[u8]) -> Option<Timestamp> {
    number(text).map(|s| Timestamp((s * 1_000.0) as i64))
}

/// A text without the backslashes before quotes and backslashes; a line break for `\n`.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => match bytes.next() {
                Some(b'n' | b'r' | b't') => out.push(b' '),
                Some(other) => out.push(other),
                None => {}
            },
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests;
