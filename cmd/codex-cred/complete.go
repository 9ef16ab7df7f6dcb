package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// What a shell may offer besides what we know.
const (
	besidesNothing = ":nothing"
	besidesFiles   = ":files"
	// besidesProgram: after "--" stands another program's command line.
	besidesProgram = ":program"
)

// A candidate is a word that may come next, and what it is.
type candidate struct{ word, about string }

// An offer is what may come next.
type offer struct {
	candidates []candidate
	besides    string
}

func nothing() offer { return offer{besides: besidesNothing} }

// offerOf offers the words.
func offerOf(words ...string) offer {
	o := nothing()
	for _, word := range words {
		o.candidates = append(o.candidates, candidate{word: word})
	}
	return o
}

// text is the answer to a script: a line of its own for what is offered besides,
// then one for each candidate.
func (o offer) text() string {
	var b strings.Builder
	b.WriteString(o.besides + "\n")
	for _, c := range o.candidates {
		b.WriteString(c.word + "\t" + c.about + "\n")
	}
	return b.String()
}

// beginning keeps the candidates that begin with the word.
func (o offer) beginning(word string) offer {
	o.candidates = slices.DeleteFunc(o.candidates, func(c candidate) bool { return !strings.HasPrefix(c.word, word) })
	return o
}

// complete returns what may be in the place of the last word. It reads the names of
// accounts, and nothing else.
func (p *program) complete(words []string) offer {
	typed, word := words[:len(words)-1], words[len(words)-1]
	commands := p.commands()
	n, command := descend(append([]string{ownProgram}, typed...), commands)
	rest := typed[n-1:]
	switch {
	case command == nil:
		return atTop(rest, commands).beginning(word)
	case command.Hidden:
		return nothing()
	}
	s := scan(rest, command)
	switch flag, value, split := strings.Cut(word, "="); {
	case s.others:
		return p.afterDashes(nameOf(typed[:n-1], commands), s.operands, word)
	case s.pending != "":
		return valuesOf(s.pending, command).beginning(word)
	case split && isFlag(flag):
		return valuesOf(flag, command).beginning(value).behind(flag + "=")
	case isFlag(word):
		return s.flags(command).beginning(word)
	case len(command.Subcommands) > 0:
		return commandsOf(command.Subcommands).beginning(word)
	}
	o := p.operand(nameOf(typed[:n-1], commands), len(s.operands)).beginning(word)
	if len(o.candidates) == 0 && o.besides == besidesNothing && word == "" {
		return s.flags(command)
	}
	return o
}

// atTop is what may come where no command is named.
func atTop(rest []string, commands []*cli.Command) offer {
	o := commandsOf(commands)
	if len(rest) > 1 || len(rest) == 1 && rest[0] != "help" {
		return nothing() // there is no such command
	}
	if len(rest) == 0 {
		for _, flag := range append(helpFlag().names[:1:1], versionFlags()[:1]...) {
			o.candidates = append(o.candidates, candidate{word: flag})
		}
	}
	return o
}

func commandsOf(commands []*cli.Command) offer {
	o := nothing()
	for _, d := range describe("", commands) {
		o.candidates = append(o.candidates, candidate{d.Name, d.Usage})
	}
	return o
}

// A scanned is what was typed after the names of commands.
type scanned struct {
	operands []string
	given    []string // names of flags
	pending  string   // the flag whose value comes next, or nothing
	others   bool     // what follows is no flag
}

func scan(args []string, command *cli.Command) scanned {
	var s scanned
	for _, arg := range args {
		switch {
		case s.pending != "":
			s.pending = ""
		case s.others || !isFlag(arg):
			s.operands = append(s.operands, arg)
		case arg == "--":
			s.others = true
		default:
			name, _, _ := strings.Cut(arg, "=")
			s.given = append(s.given, name)
			if takesNext(arg, command) {
				s.pending = arg
			}
		}
	}
	return s
}

// nameOf is that of the command, without the program's and with no other name for it.
func nameOf(names []string, commands []*cli.Command) string {
	if d := called(names, commands); d != nil {
		return strings.TrimPrefix(d.name, ownProgram+" ")
	}
	return ""
}

// flags offers those that were not given yet.
func (s scanned) flags(command *cli.Command) offer {
	o := nothing()
	for _, f := range (commandDoc{Command: command}).flags() {
		if !slices.ContainsFunc(f.names, func(name string) bool { return slices.Contains(s.given, name) }) {
			o.candidates = append(o.candidates, candidate{f.names[0], f.text})
		}
	}
	return o
}

// valuesOf offers the values of a flag, as it was typed, that takes one of a few words.
func valuesOf(arg string, command *cli.Command) offer {
	o := nothing()
	for _, flag := range command.Flags {
		if !slices.Contains(flag.Names(), strings.TrimLeft(arg, "-")) {
			continue
		}
		switch f := flag.(type) {
		case *choice:
			o = offerOf(f.words...)
			if f.files {
				o.besides = besidesFiles
			}
		case *cli.GenericFlag:
			o = offerOf(codexToo)
		}
	}
	return o
}

// behind puts the prefix before each candidate, with which it is one word.
func (o offer) behind(prefix string) offer {
	for i := range o.candidates {
		o.candidates[i].word = prefix + o.candidates[i].word
	}
	return o
}
