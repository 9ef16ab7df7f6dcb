package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// reorder moves the flags of a command before its arguments, because the cli
// library stops parsing flags at the first argument. What follows "--" stays as
// it is.
func reorder(args []string, commands []*cli.Command) []string {
	if len(args) < 2 {
		return args
	}
	if slices.Contains(versionFlags(), args[1]) {
		args = append([]string{args[0], "version"}, args[2:]...)
	}
	n, command := descend(args, commands)
	if command == nil {
		return args
	}
	var flags, rest []string
	for i := n; i < len(args); i++ {
		switch arg := args[i]; {
		case arg == "--":
			rest = append(rest, args[i+1:]...)
			i = len(args)
		case !isFlag(arg):
			rest = append(rest, arg)
		case takesNext(arg, command) && i+1 == len(args):
			// Last, so that the library reports the missing value.
			return append(append(args[:n:n], flags...), arg)
		case takesNext(arg, command):
			flags = append(flags, arg, args[i+1])
			i++
		default:
			flags = append(flags, arg)
		}
	}
	return append(append(append(args[:n:n], flags...), "--"), rest...)
}

// descend follows the names of a command and its subcommands. It returns the
// innermost command, or nil, and the number of arguments consumed, including
// the program's name.
func descend(args []string, commands []*cli.Command) (n int, command *cli.Command) {
	for n = 1; n < len(args); n++ {
		next := find(args[n], commands)
		if next == nil {
			break
		}
		command, commands = next, next.Subcommands
	}
	return n, command
}

// cutCommand cuts off the command line of another program, which follows "--"
// after exec and shim. It reports whether there was a "--".
func cutCommand(args []string) (own, others []string, ok bool) {
	if len(args) < 2 || args[1] != execName && args[1] != shimName {
		return args, nil, false
	}
	i := slices.Index(args, "--")
	if i < 0 {
		return args, nil, false
	}
	return args[:i], args[i+1:], true
}

func find(name string, commands []*cli.Command) *cli.Command {
	for _, c := range commands {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}

func isFlag(arg string) bool { return len(arg) > 1 && arg[0] == '-' }

// takesNext reports whether the value of the flag is the next argument.
func takesNext(arg string, command *cli.Command) bool {
	name := strings.TrimLeft(arg, "-")
	for _, flag := range command.Flags {
		for _, n := range flag.Names() {
			if n == name {
				return !standsAlone(flag)
			}
		}
	}
	return false
}

// standsAlone reports whether the flag may be given without a value.
func standsAlone(flag cli.Flag) bool {
	if generic, ok := flag.(*cli.GenericFlag); ok {
		_, alone := generic.Value.(interface{ IsBoolFlag() bool })
		return alone
	}
	_, isBool := flag.(*cli.BoolFlag)
	return isBool
}

// wantsJSON reports whether the command line asks for JSON. It runs before the
// command line is validated, because errors in it are printed as JSON too.
func wantsJSON(args []string) bool {
	for i, arg := range args {
		name, value, ok := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if !ok && i+1 < len(args) {
			value = args[i+1]
		}
		if isFlag(arg) && (name == "format" || name == "f") && value == "json" {
			return true
		}
	}
	return false
}
