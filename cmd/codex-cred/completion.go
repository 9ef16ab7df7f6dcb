package main

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
)

//go:embed completion
var completionScripts embed.FS

// completionShells returns the shells that have a completion script, and the
// file extensions of the scripts.
func completionShells() (shells, ends []string) {
	return []string{"bash", "zsh", "fish", "powershell"}, []string{"bash", "zsh", "fish", "ps1"}
}

func (p *program) completionCommand() *cli.Command {
	shells, _ := completionShells()
	return &cli.Command{
		Name:      "completion",
		Usage:     "print a script that completes commands, flags and accounts",
		UsageText: "codex-cred completion " + strings.Join(shells, "|"),
		Description: `source <(codex-cred completion bash)  # in ~/.bashrc
source <(codex-cred completion zsh)   # in ~/.zshrc, after compinit
codex-cred completion fish | source   # in ~/.config/fish/config.fish
codex-cred completion powershell | Out-String | Invoke-Expression  # in $PROFILE`,
		ArgsUsage: `The script asks codex-cred for each word that is completed: for names of commands, flags and accounts, and for values of flags that are one of a few
words. It reads names of files for that, never the keychain, and changes nothing.`,
		Action: p.completion,
	}
}

func (p *program) completion(c *cli.Context) error {
	shells, ends := completionShells()
	i := slices.Index(shells, c.Args().First())
	if i < 0 || c.NArg() != 1 {
		text := fmt.Sprintf("completion takes one shell: %s", strings.Join(shells, ", "))
		return fault.UsageHint(text, fault.Suggest(c.Args().First(), shells, "see: codex-cred completion --help"))
	}
	script, err := completionScripts.ReadFile("completion/codex-cred." + ends[i])
	if err != nil {
		return fmt.Errorf("read the script: %w", err)
	}
	return terminal.Write(p.Out, string(script))
}

// completeCommand is the hidden command that the completion scripts run.
func (p *program) completeCommand() *cli.Command {
	return &cli.Command{
		Name: "__complete", Hidden: true,
		Usage:       "print what may come next on a command line",
		UsageText:   "codex-cred __complete [--new-word] -- [WORD ...]",
		Description: "codex-cred __complete -- get --for",
		ArgsUsage: `The words are those after the program's name up to the cursor. The first line of the answer tells what the shell may offer besides the lines after it,
each of which is a word and, after a tab, what it is. Whatever is wrong, nothing is said of it: a person is typing.`,
		Flags:  []cli.Flag{boolFlag("new-word", "a new word begins at the cursor, for shells that pass no empty argument")},
		Action: p.printCompletion,
	}
}

func (p *program) printCompletion(c *cli.Context) error {
	words := c.Args().Slice()
	if c.Bool("new-word") || len(words) == 0 {
		words = append(words, "")
	}
	_ = terminal.Write(p.Out, p.complete(words).text()) // a message would garble what the user is typing
	return nil
}
