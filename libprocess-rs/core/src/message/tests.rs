use super::*;
use crate::http::{Event, Limits, RequestDecoder};

#[test]
fn senders_are_found_and_bad_ones_become_empty() {
    let classify_lines = |lines: &str| {
        let mut decoder = RequestDecoder::new(Limits::default());
        decoder.push(format!("POST /a/b HTTP/1.1\r\n{lines}\r\n").as_bytes());
        let Some(Event::Head(head)) = decoder.next().unwrap() else {
            panic!("no head")
        };
        classify(&head)
    };
    let expected: Upid = "x@1.2.3.4:5".parse().unwrap();
    assert_eq!(
        classify_lines("libprocess-from:  x@1.2.3.4:5 \r\n"),
        Some(expected.clone())
    );
    for line in [
        "User-Agent: libprocess/x@1.2.3.4:5\r\n",
        "User-Agent: libprocess/ x@1.2.3.4:5\r\n",
    ] {
        assert_eq!(classify_lines(line), Some(expected.clone()));
    }
    assert_eq!(
        classify_lines("Libprocess-From: nonsense\r\n"),
        Some(Upid::default())
    );
    assert_eq!(classify_lines("User-Agent: curl/8\r\n"), None);
}

#[test]
fn destinations_split_at_the_second_slash() {
    assert_eq!(
        destination("/slave%281%29/a/b%20"),
        Ok(("slave(1)".to_owned(), "a/b%20"))
    );
    assert_eq!(destination("/master"), Ok(("master".to_owned(), "")));
    assert_eq!(destination("master/x"), Err(DestinationError::NoSlash));
    assert_eq!(destination("/%zz/x"), Err(DestinationError::BadEscape));
}
