#compdef codex-cred
# Completion of codex-cred for zsh.

_codex-cred() {
    local -a answer candidates
    local line word
    local -i i ret=1

    answer=("${(@f)$(command codex-cred __complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    for line in "${(@)answer[2,-1]}"; do
        word=${line%%$'\t'*}
        candidates+=("${word//:/\\:}:${line#*$'\t'}")
    done
    (( $#candidates )) && _describe -t codex-cred codex-cred candidates && ret=0

    case $answer[1] in
        (:files) _files && ret=0 ;;
        (:program)
            i=${words[(i)--]}
            words=("${(@)words[i+1,-1]}")
            (( CURRENT -= i ))
            _normal && ret=0
            ;;
    esac
    return ret
}

# As a file of $fpath this is the function; else it is sourced.
if [[ $funcstack[1] == _codex-cred ]]; then
    _codex-cred "$@"
elif (( $+functions[compdef] )); then
    compdef _codex-cred codex-cred
fi
