# Every row of sg3.table, on LUN 1. The whole table goes to /host/sg3.tsv: verdict, command, what was
# expected, what came.
sg_node() { # PORT: the sg device of LUN 1 over this path
    local name
    name=$(basename "$(disk "$1" 1)") && echo "/dev/$(basename "$(readlink -f "/sys/block/$name/device/generic")")"
}
D=$(sg_node "$port_a")
E=/no-second-portal B=/no-mirror-node T=/run/sg3
mkdir -p $T
discover $((port_a + 1)) >/dev/null && log_in $((port_a + 1)) >/dev/null && E=$(sg_node $((port_a + 1)))
discover "$port_b" >/dev/null && log_in "$port_b" >/dev/null && B=$(sg_node "$port_b")
for each in $D $E $B; do sg_turs "$each" >/dev/null 2>&1; done

# matches EXPRESSION...: whether $said fits; tells the one that does not.
matches() {
    local expression
    for expression in "$@"; do
        case $expression in
        !*) if grep -qE -- "${expression#!}" <<<"$said"; then echo "not: ${expression#!}" && return 1; fi ;;
        *) grep -qE -- "$expression" <<<"$said" || { echo "missing: $expression"; return 1; } ;;
        esac
    done
}

section=
: >/host/sg3.tsv
while IFS= read -r line; do
    case $line in
    '## '*) section=${line#\#\# } && continue ;;
    '#'* | '') continue ;;
    esac
    # The last two bars with blanks part the columns: a command may hold others.
    expressions=${line##* |}
    rest=${line% |*}
    code=${rest##* | }
    command=${rest% | *}
    said=$(eval "$command" 2>&1)
    came=$?
    verdict=passed
    grep -qE "^($code)\$" <<<"$came" || verdict=FAILED
    mapfile -t wanted < <(sed 's/^ *//; s/ *$//; s/ && /\n/g' <<<"$expressions" | grep .)
    missing=$(matches "${wanted[@]}") || verdict=FAILED
    printf '%s\t%s\t%s\t%s\t%s\n' "$verdict" "$section" "$command" "$code" "$came $missing" \
        >>/host/sg3.tsv
    result $verdict "$section: $command"
    [ $verdict = passed ] || {
        echo "exit $came, expected $code; $missing"
        head -n 12 <<<"$said"
    } | sed 's/^/    /' | tee -a /host/results
done </host/guest/sg3.table
for port in $((port_a + 1)) "$port_b"; do log_out "$port" >/dev/null 2>&1; done
