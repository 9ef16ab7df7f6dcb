package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/internal/disk/accountdir"
)

// operand returns the candidates for an argument of the command. number counts from zero and skips
// flags.
func (p *program) operand(command string, number int) offer {
	offers := p.operands()[command]
	if number >= len(offers) {
		return nothing()
	}
	return offers[number]()
}

// operands maps each command to the candidates for its arguments, in order. A test compares it with
// the usage lines.
func (p *program) operands() map[string][]func() offer {
	account := []func() offer{p.accountNames}
	of := map[string][]func() offer{
		"rename":      {p.accountNames, nothing},
		"export":      {p.accountsAndFiles, files},
		"host add":    {nothing, p.accountNames},
		"host remove": {nothing},
		"shim add":    {nothing},
		"shim remove": {nothing},
		"setup":       {p.clientsOffered, p.accountNames},
		"completion":  {shellsOffered},
		"helper git":  {func() offer { return offerOf("get", "store", "erase") }},
		"helper docker": {func() offer {
			return offerOf("get", "store", "erase", "list", "version")
		}},
		"helper goauth": {nothing},
	}
	for _, name := range []string{
		"login", "get", "refresh", "store", "erase", "status", "use", "migrate",
		execName, doctorName, "helper kubernetes", "helper claude",
	} {
		of[name] = account
	}
	return of
}

// accountNames offers the names of the existing accounts. It takes them from the file names.
func (p *program) accountNames() offer {
	o := nothing()
	for _, name := range p.names() {
		o.candidates = append(o.candidates, candidate{name, "account"})
	}
	return o
}

// names returns the names of the accounts, or nothing if they cannot be read.
func (p *program) names() []string {
	root, err := home.Root(p.Process)
	if err != nil {
		return nil
	}
	names, err := accountdir.New(root, p.Now).List()
	if err != nil {
		return nil
	}
	return names
}

func (p *program) accountsAndFiles() offer {
	o := p.accountNames()
	o.besides = besidesFiles
	return o
}

func files() offer { return offer{besides: besidesFiles} }

func (p *program) clientsOffered() offer {
	o := nothing()
	for _, c := range p.clients() {
		o.candidates = append(o.candidates, candidate{c.name, "client"})
	}
	return o
}

func shellsOffered() offer {
	shells, _ := completionShells()
	return offerOf(shells...)
}

// afterDashes returns the candidates for what follows "--": another program's command line for
// exec, a command of this program for shim add, and otherwise an argument that may begin with a
// dash.
func (p *program) afterDashes(command string, operands []string, word string) offer {
	switch command {
	case execName:
		return offer{besides: besidesProgram}
	case shimName + " add":
		own := operands[min(1, len(operands)):]
		if len(own) > 0 && slices.Contains(shimCommands(), own[0]) {
			return p.complete(append(slices.Clone(own), word))
		}
		return commandsOf(slices.DeleteFunc(p.commands(), func(c *cli.Command) bool {
			return !slices.Contains(shimCommands(), c.Name)
		})).beginning(word)
	}
	return p.operand(command, len(operands)).beginning(word)
}
