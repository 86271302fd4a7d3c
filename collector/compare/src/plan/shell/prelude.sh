refuse() {
    printf 'plan: %s\n' "$1" >&2
    exit 65
}

newline='
'

# Whether a value is one line, as all that follow need.
one_line() {
    case $1 in
        *"$newline"*) refuse 'a value of several lines has to be written by hand' ;;
    esac
}

# The value as all readers of env files take it.
as_env() {
    one_line "$1"
    case $1 in
        *[!A-Za-z0-9_./:@%+,=-]*) ;;
        *) printf '%s' "$1"; return ;;
    esac
    case $1 in
        *[\'\\]*) ;;
        *) printf "'%s'" "$1"; return ;;
    esac
    case $1 in
        *[\"\$\`\\]*) refuse 'readers of env files disagree on the quotes of a value: write it by hand' ;;
        *) printf '"%s"' "$1" ;;
    esac
}

# The value as postgresql.conf takes it.
as_postgres() {
    one_line "$1"
    case $1 in
        *\\*) refuse 'a value with a backslash has to be written by hand' ;;
    esac
    printf "'%s'" "$(printf '%s' "$1" | sed "s/'/''/g")"
}

# The value as redis.conf takes it.
as_redis() {
    one_line "$1"
    case $1 in
        *[\"\\]*) refuse 'a value with quotes has to be written by hand' ;;
        *) printf '"%s"' "$1" ;;
    esac
}

# What a path leads to, in `file`: refused if it is a symbolic link, or if
# anybody but root and who runs this could change where it leads while this runs.
settle() {
    [ ! -h "$1" ] || refuse "$1 is a symbolic link: run this where the file is"
    [ -f "$1" ] || refuse "$1 is no file"
    place=$(cd -P -- "$(dirname -- "$1")" && pwd -P) || refuse "$1 cannot be reached"
    file=$place/$(basename -- "$1")
    while :; do
        case $(stat -c '%u' -- "$place") in
            0 | "$(id -u)") ;;
            *) refuse "$place belongs to somebody who could turn this against you: run it as its owner" ;;
        esac
        # In a sticky directory nobody takes away the directory of another.
        case $(stat -c '%A' -- "$place") in
            d????????[tT]) [ "$place" != "${file%/*}" ] || refuse "others may write $place: change $1 by hand" ;;
            d????w* | d???????w?) refuse "others may write $place: change $1 by hand" ;;
        esac
        [ "$place" != / ] || return 0
        place=$(dirname -- "$place")
    done
}

# beside TOOL VALUE FILE: mode, owner or group of a file.
beside() {
    settle "$3"
    "$1" -- "$2" "$file"
}

# put FILE NAME LINE: the line takes the place of the lines of that name, or
# comes last. Without a LINE they go. The file changes whole or not at all.
put() {
    settle "$1"
    new=$(mktemp "$file.XXXXXX")
    cp -p -- "$file" "$new"
    if NAME=$2 LINE=${3-} awk '
        BEGIN { name = ENVIRON["NAME"]; line = ENVIRON["LINE"]; done = (line == "") }
        {
            text = $0
            sub(/^[ \t]*(export[ \t]+)?/, "", text)
            found = text
            sub(/[ \t=].*$/, "", found)
            if (found != name) { print; next }
            value = text
            sub(/^[^ \t=]*[ \t]*=?[ \t]*/, "", value)
            quote = substr(value, 1, 1)
            open = quote == "\"" || quote == "\047"
            if (open && index(substr(value, 2), quote) == 0) { failed = 1; exit 1 }
            if (!done) { print line; done = 1 }
        }
        END { if (!failed && !done) print line }
    ' < "$file" > "$new"; then
        mv -f -- "$new" "$file"
    else
        rm -f -- "$new"
        refuse "$2 in $1 may have a value of several lines: change it by hand"
    fi
}
