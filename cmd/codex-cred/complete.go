package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// Values of offer.besides: what the shell offers in addition to the candidates.
const (
	besidesNothing = ":nothing"
	besidesFiles   = ":files"
	// besidesProgram: another program's command line follows "--".
	besidesProgram = ":program"
)

// A candidate is a word that may come next, and its description.
type candidate struct{ word, about string }

// An offer is what may come next on the command line.
type offer struct {
	candidates []candidate
	besides    string
}

func nothing() offer { return offer{besides: besidesNothing} }

// offerOf returns an offer of the words, without descriptions.
func offerOf(words ...string) offer {
	o := nothing()
	for _, word := range words {
		o.candidates = append(o.candidates, candidate{word: word})
	}
	return o
}

// text is the answer to a completion script: a line with the value of besides,
// then one line for each candidate.
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

// complete returns what may complete the last word. It reads the names of
// accounts and nothing else.
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

// atTop returns what may come where no command is given yet.
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

// A scanned is the part of a command line that follows the command's name.
type scanned struct {
	operands []string
	given    []string // names of flags
	pending  string   // the flag that takes the next word as its value, or empty
	others   bool     // after "--", where no word is a flag
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

// nameOf returns the full name of the command, with aliases resolved and
// without the program's name.
func nameOf(names []string, commands []*cli.Command) string {
	if d := called(names, commands); d != nil {
		return strings.TrimPrefix(d.name, ownProgram+" ")
	}
	return ""
}

// flags offers the flags that are not given yet.
func (s scanned) flags(command *cli.Command) offer {
	o := nothing()
	for _, f := range (commandDoc{Command: command}).flags() {
		if !slices.ContainsFunc(f.names, func(name string) bool { return slices.Contains(s.given, name) }) {
			o.candidates = append(o.candidates, candidate{f.names[0], f.text})
		}
	}
	return o
}

// valuesOf offers the values of a flag, given as typed, if it takes one of a
// few words.
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

// behind puts the prefix before each candidate: for the shell, both are one
// word.
func (o offer) behind(prefix string) offer {
	for i := range o.candidates {
		o.candidates[i].word = prefix + o.candidates[i].word
	}
	return o
}
