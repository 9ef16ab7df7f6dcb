# Completion of codex-cred for fish.

function __codex_cred_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct | string replace -r -- '^["\']' '')
    # Before the program there may be variables.
    while set -q words[1]; and string match -qr -- '^\w+=' $words[1]
        set -e words[1]
    end
    set -e words[1]

    set -l answer (command codex-cred __complete -- $words "$current" 2>/dev/null)
    set -q answer[1]; or return
    set -l kind $answer[1]
    set -e answer[1]
    set -q answer[1]; and printf '%s\n' $answer

    switch $kind
        case :files
            set -l option (string match -r -- '^--[^=]*=' "$current")
            for path in (__fish_complete_path (string replace -- "$option" '' "$current"))
                echo -- "$option$path"
            end
        case :program
            set -l at (contains -i -- -- $words)
            set -l program $words
            set -e program[1..$at]
            complete -C (string join ' ' -- (string escape -- $program) "$current")
    end
end

complete -c codex-cred -f -a '(__codex_cred_complete)'
