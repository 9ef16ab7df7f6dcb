package main

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/process"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/shimdir"
)

const shimName = "shim"

func (p *program) shimCommand() *cli.Command {
	return group(shimName, "make programs of one name for callers that allow no arguments",
		&cli.Command{
			Name: "add", Usage: "make a program that runs codex-cred with arguments of its own",
			UsageText:   "codex-cred shim add NAME -- get|helper ...",
			Description: "codex-cred shim add codex-token -- get work\ncodex-cred shim add registry-token -- get work -f header",
			Action:      p.shimAdd,
		},
		&cli.Command{
			Name: "list", Usage: "list the programs",
			UsageText:   "codex-cred shim list [--format table|json]",
			Description: "codex-cred shim list\ncodex-cred shim list --format json",
			Flags:       []cli.Flag{formatFlag("table", "json")},
			Action:      p.shimList,
		},
		&cli.Command{
			Name: "remove", Usage: "delete one of the programs",
			UsageText:   "codex-cred shim remove NAME",
			Description: "codex-cred shim remove codex-token",
			Action:      p.shimRemove,
		},
	)
}

// shimCommands are the commands that a shim can run.
func shimCommands() []string { return []string{"get", helperName} }

func (p *program) shimAdd(c *cli.Context) error {
	switch {
	case c.NArg() != 1:
		return fault.UsageHint("shim add takes a name, then -- and arguments", "see: codex-cred shim add --help")
	case slices.Contains([]string{ownProgram, gitProgram, dockerProgram}, c.Args().First()):
		return fault.UsageHint(
			fmt.Sprintf("the name %q says by itself what the program does", c.Args().First()), "choose another",
		)
	case len(p.others) == 0 || !slices.Contains(shimCommands(), p.others[0]):
		return fault.UsageHint(
			"after -- shim add takes: "+strings.Join(shimCommands(), " or ")+", and its arguments",
			"see: codex-cred shim add --help",
		)
	}
	w, err := p.wire()
	if err != nil {
		return err
	}
	program, err := process.Path()
	if err != nil {
		return err
	}
	if err := w.Shims.Add(c.Args().First(), program, p.others); err != nil {
		return err
	}
	p.Warn(
		"the program %s runs: codex-cred %s",
		w.Shims.Path(c.Args().First()),
		terminal.Sanitize(strings.Join(p.others, " ")),
	)
	return nil
}

// A shimLine is a shim as JSON.
type shimLine struct {
	Name string   `json:"name"`
	Path string   `json:"path"`
	Args []string `json:"args"`
}

func (p *program) shimList(c *cli.Context) error {
	if err := p.noArguments(c); err != nil {
		return err
	}
	w, err := p.wire()
	if err != nil {
		return err
	}
	names, err := w.Shims.Names()
	if err != nil {
		return err
	}
	lines := make([]shimLine, 0, len(names))
	rows := [][]terminal.Cell{{{Text: "PROGRAM", Style: terminal.Header}, {Text: "RUNS", Style: terminal.Header}}}
	for _, name := range names {
		args, err := w.Shims.Args(name)
		if err != nil {
			return err
		}
		lines = append(lines, shimLine{name, w.Shims.Path(name), args})
		rows = append(rows, []terminal.Cell{
			{Text: w.Shims.Path(name), Style: terminal.Plain},
			{Text: "codex-cred " + terminal.Sanitize(strings.Join(args, " ")), Style: terminal.Plain},
		})
	}
	switch {
	case c.String("format") == "json":
		return terminal.WriteJSON(p.Out, struct {
			SchemaVersion int        `json:"schema_version"`
			Shims         []shimLine `json:"shims"`
		}{terminal.SchemaVersion, lines})
	case len(names) == 0:
		p.Warn("there are none; make one with: codex-cred shim add NAME -- get")
		return nil
	}
	return terminal.Write(p.Out, p.Table(rows))
}

func (p *program) shimRemove(c *cli.Context) error {
	if c.NArg() != 1 || len(p.others) > 0 {
		return fault.UsageHint("shim remove takes a name", "see: codex-cred shim remove --help")
	}
	w, err := p.wire()
	if err != nil {
		return err
	}
	name := c.Args().First()
	err = w.Shims.Remove(name)
	if errors.Is(err, helper.ErrNotFound) {
		return fault.WithHint(
			fmt.Errorf("the program %q is %w", name, helper.ErrNotFound), "see what there is: codex-cred shim list",
		)
	}
	return err
}

// Names of this program. The name selects the protocol.
const (
	ownProgram    = "codex-cred"
	gitProgram    = "git-credential-codex"
	dockerProgram = "docker-credential-codex"
)

// dispatch returns the command line for the name that this program was run by: a protocol, or the
// arguments given to "shim add". home is the root of the shim, if it is one. A shim whose arguments
// are missing is an error, because its caller would read our help as a token.
func dispatch(args []string) (line []string, home string, err error) {
	base := strings.TrimSuffix(filepath.Base(args[0]), ".exe")
	switch {
	case base == ownProgram:
		return args, "", nil
	case base == gitProgram:
		return append([]string{ownProgram, helperName, "git"}, args[1:]...), "", nil
	case base == dockerProgram && len(args) > 1 && (args[1] == "--version" || args[1] == "-v"):
		return []string{ownProgram, helperName, "docker", "version"}, "", nil
	case base == dockerProgram:
		return append([]string{ownProgram, helperName, "docker"}, args[1:]...), "", nil
	}
	if path, err := exec.LookPath(args[0]); err == nil {
		shim, root, err := shimdir.Resolve(path)
		if !errors.Is(err, helper.ErrNotFound) {
			return append(append([]string{ownProgram}, shim...), args[1:]...), root, err
		}
	}
	return args, "", nil
}
