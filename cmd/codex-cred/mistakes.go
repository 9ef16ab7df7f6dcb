package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
)

// onUsageError rewrites a usage error of the command line library. The library reports errors only
// as text, so it matches on that.
func onUsageError(c *cli.Context, err error, _ bool) error {
	name, flags := strings.TrimPrefix(c.Command.HelpName, ownProgram+" "), flagNames(c.Command.Flags)
	see := "see: " + ownProgram + " " + name + " --help"
	if c.Command.Name == c.App.Name {
		name, flags, see = ownProgram, append(flags, versionFlags()...), "see: codex-cred --help"
	}
	if flag, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); ok {
		flag = dashed(strings.TrimLeft(flag, "-"))
		return fault.UsageHint(
			fmt.Sprintf("%s has no flag %s", name, terminal.Sanitize(flag)), fault.Suggest(flag, flags, see),
		)
	}
	if flag, ok := strings.CutPrefix(err.Error(), "flag needs an argument: -"); ok {
		return fault.UsageHint("a value is missing after --"+flag, see)
	}
	return fault.UsageHint(wrongValue(err.Error()), see)
}

// wrongValue rewrites an error of package flag about a value. It returns other texts unchanged.
func wrongValue(text string) string {
	before, after, ok := strings.Cut(strings.Replace(text, " for flag -", " for -", 1), " for -")
	flag, why, told := strings.Cut(after, ": ")
	value := strings.TrimPrefix(strings.TrimPrefix(before, "invalid value "), "invalid boolean value ")
	switch {
	case !ok || !told || value == before:
		return text
	case why == "parse error" && strings.HasPrefix(before, "invalid boolean"):
		why = "it takes no value"
	case why == "parse error":
		why = "it takes a time such as 30s or 5m"
	}
	return "--" + flag + " cannot be " + value + ": " + why
}

// flagNames returns the names of the flags, with their dashes.
func flagNames(flags []cli.Flag) []string {
	names := helpFlag().names
	for _, f := range flags {
		names = append(names, describeFlag(f).names...)
	}
	return names
}
