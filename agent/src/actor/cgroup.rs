//! What a process's control group says: its systemd unit, its container.
//!
//! Pure: it reads no file. A group that nobody names so tells nothing.

/// Length of a container's id as the engines write it.
const ID_LENGTH: usize = 64;

/// Prefixes that container engines put before an id in the name of a scope.
const ENGINES: [&str; 6] = ["docker-", "libpod-", "cri-containerd-", "crio-", "nerdctl-", "containerd-"];

/// What a group tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// The systemd unit.
    pub unit: Option<String>,
    /// The container's id, or its name where it has only one.
    pub container: Option<String>,
}

impl Group {
    /// Of the text of `/proc/PID/cgroup` (cgroups(7)): the unified hierarchy,
    /// or the one that systemd keeps for itself.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let path = |controllers: &str| {
            text.lines().find_map(|line| {
                let mut fields = line.splitn(3, ':');
                let (_, kind, path) = (fields.next()?, fields.next()?, fields.next()?);
                (kind == controllers).then_some(path)
            })
        };
        let unified = path("").filter(|path| *path != "/");
        unified.or_else(|| path("name=systemd")).map(Self::of_path).unwrap_or_default()
    }

    /// Of the path of a group.
    #[must_use]
    pub fn of_path(path: &str) -> Self {
        let is_unit = |name: &&str| name.ends_with(".service") || name.ends_with(".scope");
        let unit = path.split('/').find(is_unit).map(str::to_owned);
        // A container in a container is named by the inner one.
        let container = path.rsplit('/').find_map(container);
        Self { unit, container }
    }
}

fn container(name: &str) -> Option<String> {
    let bare = name.strip_suffix(".scope").unwrap_or(name);
    let id = ENGINES.iter().find_map(|engine| bare.strip_prefix(engine)).unwrap_or(bare);
    if id.len() == ID_LENGTH && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some(id.to_owned());
    }
    let lxc = name.strip_prefix("lxc.payload.");
    let machine = || name.strip_suffix(".service")?.strip_prefix("systemd-nspawn@");
    lxc.or_else(machine).filter(|name| !name.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests;
