# Completion of codex-cred for bash, which may be as old as 3.2.

_codex_cred() {
    local line=${COMP_LINE:0:COMP_POINT} words=() piece rest prefix= breaks kind= word about n=-1 i

    # Bash breaks words at = : and @ too. What no blank separates is one word.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        rest=${line#"${line%%[![:space:]]*}"}
        piece=${COMP_WORDS[i]}
        ((i == COMP_CWORD)) && piece=$rest # which ends at the cursor
        if ((i == 0)) || [[ $rest != "$line" ]]; then
            n=$((n + 1))
            words[n]=$piece
        else
            words[n]=${words[n]}$piece
        fi
        line=${rest#"$piece"}
    done
    words=("${words[@]//[\"\'\\]/}") # no name of ours needs quotes

    # Bash replaces what follows the last of these alone, but an @ that may begin a
    # host's name with it.
    breaks=${COMP_WORDBREAKS//[^=:@]/}
    [[ -n $breaks ]] && prefix=${words[n]%"${words[n]##*[$breaks]}"}
    [[ $prefix == *@ ]] && shopt -q hostcomplete && prefix=${prefix%@}

    COMPREPLY=()
    while IFS=$'\t' read -r word about; do
        if [[ -z $kind ]]; then
            kind=$word
        else
            COMPREPLY+=("${word#"$prefix"}")
        fi
    done < <(command codex-cred __complete -- "${words[@]:1}" 2>/dev/null)

    case $kind in
        :files) _codex_cred_besides -f "${words[n]#"$prefix"}" ;;
        :program)
            if declare -F _command_offset >/dev/null; then
                for ((i = 1; i < COMP_CWORD; i++)); do
                    [[ ${COMP_WORDS[i]} == -- ]] && break
                done
                _command_offset $((i + 1))
            else
                _codex_cred_besides -c "${words[n]#"$prefix"}"
                _codex_cred_besides -f "${words[n]#"$prefix"}"
            fi
            ;;
    esac
}

_codex_cred_besides() {
    local word
    compopt -o filenames 2>/dev/null
    while IFS= read -r word; do
        COMPREPLY+=("$word")
    done < <(compgen "$1" -- "$2")
}

complete -F _codex_cred codex-cred
