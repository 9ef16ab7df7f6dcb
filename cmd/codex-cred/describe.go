package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// A commandDoc is a command as the help and the man page describe it.
type commandDoc struct {
	*cli.Command
	name string // as typed, with the program's name
}

// examples returns the command lines that the help shows, each of one or more
// lines. A note follows two blanks and a number sign, as in a shell.
func (d commandDoc) examples() []string {
	var list []string
	continued := false
	for line := range strings.SplitSeq(d.Description, "\n") {
		if continued {
			list[len(list)-1] += "\n" + line
		} else {
			list = append(list, line)
		}
		continued = strings.HasSuffix(line, `\`) || strings.HasSuffix(line, "|")
	}
	return list
}

// paragraphs returns the text that describes neither flags nor examples.
func (d commandDoc) paragraphs() []string {
	if d.ArgsUsage == "" {
		return nil
	}
	list := strings.Split(d.ArgsUsage, "\n\n")
	for i, text := range list {
		list[i] = strings.Join(strings.Fields(text), " ")
	}
	return list
}

// below returns the visible subcommands.
func (d commandDoc) below() []commandDoc { return describe(d.name, d.Subcommands) }

// describe returns the visible commands in order. above is the name of their
// parent.
func describe(above string, commands []*cli.Command) []commandDoc {
	list := make([]commandDoc, 0, len(commands))
	for _, c := range commands {
		if !c.Hidden {
			list = append(list, commandDoc{c, above + " " + c.Name})
		}
	}
	return list
}

// withBelow returns the commands, each followed by its subcommands.
func withBelow(commands []commandDoc) []commandDoc {
	var list []commandDoc
	for _, d := range commands {
		list = append(append(list, d), withBelow(d.below())...)
	}
	return list
}

// A describedFlag is a flag as the help and the man page describe it.
type describedFlag struct {
	names []string // with their dashes, the long one first
	value string   // the placeholder for its value, if it takes one
	// alone: the value is optional.
	alone bool
	text  string
}

// spelled returns the flag as it is typed.
func (f describedFlag) spelled() string {
	names := slices.Clone(f.names)
	for i := range names {
		switch {
		case f.alone && f.value != "":
			names[i] += "[=" + f.value + "]"
		case f.value != "":
			names[i] += " " + f.value
		}
	}
	return strings.Join(names, ", ")
}

// dashed returns the name of a flag with its dashes.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// versionFlags are the flags that do the same as the command version.
func versionFlags() []string { return []string{"--version", "-v"} }

func helpFlag() describedFlag {
	return describedFlag{names: []string{"--help", "-h"}, text: "show this help"}
}

// flags returns the flags of the command, and --help.
func (d commandDoc) flags() []describedFlag {
	list := make([]describedFlag, 0, 1+len(d.Flags))
	for _, f := range d.Flags {
		list = append(list, describeFlag(f))
	}
	return append(list, helpFlag())
}

func describeFlag(flag cli.Flag) describedFlag {
	f := describedFlag{alone: standsAlone(flag)}
	for _, name := range flag.Names() {
		f.names = append(f.names, dashed(name))
	}
	told, ok := flag.(cli.DocGenerationFlag)
	if !ok {
		return f
	}
	before, rest, _ := strings.Cut(told.GetUsage(), "`")
	value, after, _ := strings.Cut(rest, "`")
	f.value, f.text = value, before+value+after
	if fallback := strings.Trim(told.GetDefaultText(), `"`); told.TakesValue() && fallback != "" {
		f.text += " (default: " + fallback + ")"
	}
	return f
}

// called returns the command with the given name, which the names of its
// parents precede; or nil if there is none.
func called(names []string, commands []*cli.Command) *commandDoc {
	found := commandDoc{name: ownProgram}
	for _, name := range names {
		c := find(name, commands)
		if c == nil {
			return nil
		}
		found, commands = commandDoc{c, found.name + " " + c.Name}, c.Subcommands
	}
	if found.Command == nil {
		return nil
	}
	return &found
}
