//! What a role may do, in short: `dynamodb: GetItem, PutItem -> table/orders`. What it is denied goes before
//! what it is allowed, since that holds whatever else is said.

use super::facts::Told;

/// The statements of a role's policies, each in short: those that deny first.
pub(super) fn lines(statements: &[Box<str>]) -> Vec<(String, Told)> {
    let mut lines: Vec<(String, Told)> = statements.iter().map(|statement| short(statement)).collect();
    lines.sort_by_key(|(_, told)| *told != Told::Wrong);
    lines
}

/// A statement as it was read: `Allow s3:GetObject, s3:PutObject on arn:aws:s3:::orders/*`.
fn short(statement: &str) -> (String, Told) {
    let (deny, rest) = match statement.split_once(' ') {
        Some(("Deny", rest)) => (true, rest),
        Some(("Allow", rest)) => (false, rest),
        _ => (false, statement),
    };
    let (actions, resources) = rest.split_once(" on ").unwrap_or((rest, ""));
    let (but, actions) = match actions.strip_prefix("all but ") {
        Some(actions) => ("all but ", actions),
        None => ("", actions),
    };
    let resources: Vec<&str> = resources.split(", ").map(place).collect();
    let on = match resources.join(", ") {
        none if none.is_empty() => String::new(),
        some => format!(" -> {some}"),
    };
    let denied = if deny { "denied: " } else { "" };
    (format!("{denied}{but}{}{on}", by_service(actions)), if deny { Told::Wrong } else { Told::Known })
}

/// The actions of a service behind its name, once.
fn by_service(actions: &str) -> String {
    let mut services: Vec<(&str, Vec<&str>)> = Vec::new();
    for action in actions.split(", ") {
        let (service, action) = action.split_once(':').unwrap_or(("", action));
        match services.iter_mut().find(|(known, _)| *known == service) {
            Some((_, of)) => of.push(action),
            None => services.push((service, vec![action])),
        }
    }
    let one = |(service, actions): &(&str, Vec<&str>)| match *service {
        "" => actions.join(", "),
        service => format!("{service}: {}", actions.join(", ")),
    };
    services.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// What an ARN names, without what is before its resource.
fn place(arn: &str) -> &str {
    match arn.strip_prefix("arn:") {
        // `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`
        Some(rest) => rest.splitn(5, ':').nth(4).filter(|rest| !rest.is_empty()).unwrap_or(arn),
        None => arn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_told_in_short() {
        for (statement, want) in [
            (
                "Allow dynamodb:GetItem, dynamodb:PutItem on arn:aws:dynamodb:eu-west-1:123456789012:table/orders",
                "dynamodb: GetItem, PutItem -> table/orders",
            ),
            ("Allow logs:*, s3:GetObject on *", "logs: *; s3: GetObject -> *"),
            (
                "Allow s3:GetObject, sqs:SendMessage, s3:PutObject on arn:aws:s3:::a/*, arn:aws:sqs:eu-west-1:1:q",
                "s3: GetObject, PutObject; sqs: SendMessage -> a/*, q",
            ),
            ("Allow all but iam:* on *", "all but iam: * -> *"),
            ("Allow * on arn:", "* -> arn:"),
            // Cut off while it was read, or of no usual form.
            ("Allow s3:Get…", "s3: Get…"),
            ("Allow  on ", ""),
            ("whatever", "whatever"),
            ("", ""),
        ] {
            assert_eq!(short(statement), (want.to_string(), Told::Known), "{statement}");
        }
    }

    #[test]
    fn what_is_denied_is_marked_and_first() {
        let all = ["Allow s3:* on *", "Deny s3:DeleteObject on arn:aws:s3:::orders/*", "Allow sqs:* on *"];
        let told = lines(&all.map(Box::from));
        assert_eq!(told[0], ("denied: s3: DeleteObject -> orders/*".to_string(), Told::Wrong));
        assert_eq!(told[1].0, "s3: * -> *");
        assert_eq!(told.len(), 3);
    }
}
