/// Writes the page of an endpoint for `/help`, in Markdown. What it is used by is added when it is shown.
///
/// Mesos: 3rdparty/libprocess/include/process/help.hpp.
///
/// ```
/// use libprocess::http::{Help, RouteOptions};
///
/// let help = Help::new("Counts.").description("Adds one at every look.\n").authentication(false);
/// assert!(help.to_string().starts_with("### TL;DR; ###\nCounts.\n\n### DESCRIPTION ###\n"));
/// let options = RouteOptions::help(help);
/// # assert!(options.help.is_some());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Help {
    summary: String,
    description: Option<String>,
    authentication: Option<bool>,
    authorization: Option<String>,
    references: Option<String>,
}

impl Help {
    /// One sentence that says it all.
    pub fn new(summary: impl Into<String>) -> Help {
        Help {
            summary: summary.into(),
            description: None,
            authentication: None,
            authorization: None,
            references: None,
        }
    }

    /// All there is to know: parameters, answers.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Help {
        self.description = Some(text.into());
        self
    }

    /// Whether the endpoint is in a realm that may be guarded.
    #[must_use]
    pub fn authentication(mut self, needed: bool) -> Help {
        self.authentication = Some(needed);
        self
    }

    /// Who may ask.
    #[must_use]
    pub fn authorization(mut self, text: impl Into<String>) -> Help {
        self.authorization = Some(text.into());
        self
    }

    /// The places that links in the text lead to, as `[name]: url`, one a line.
    #[must_use]
    pub fn references(mut self, text: impl Into<String>) -> Help {
        self.references = Some(text.into());
        self
    }
}

impl std::fmt::Display for Help {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let authentication = self.authentication.map(|needed| match needed {
            true => "Whoever asks must be known, if HTTP authentication is on.\n",
            false => "Anybody may ask.\n",
        });
        let sections = [
            ("TL;DR;", Some(self.summary.as_str())),
            ("DESCRIPTION", self.description.as_deref()),
            ("AUTHENTICATION", authentication),
            ("AUTHORIZATION", self.authorization.as_deref()),
        ];
        let mut between = "";
        for (title, text) in sections {
            let Some(text) = text else { continue };
            writeln!(f, "{between}### {title} ###\n{}", text.trim_end_matches('\n'))?;
            between = "\n";
        }
        match &self.references {
            Some(references) => writeln!(f, "\n{}", references.trim_end_matches('\n')),
            None => Ok(()),
        }
    }
}

impl<P: crate::Process> crate::Context<P> {
    /// Gives a route its page of help, or another one, as [`RouteOptions::help`](super::RouteOptions::help) does when it is installed.
    pub fn explain(&mut self, path: &str, help: impl ToString) {
        let id = self.upid().shared_id();
        self.system().0.helps.add(id, path, Some(help.to_string()));
    }
}
