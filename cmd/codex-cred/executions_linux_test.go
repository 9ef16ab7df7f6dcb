package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/codex-cred/codex-cred/internal/test/leakscan"
)

// An execution is an attempt to execute a program.
type execution struct {
	argv, env []string // as strace prints them, with its escapes
}

func (e execution) name() string {
	if len(e.argv) == 0 {
		return "a program without a name"
	}
	return filepath.Base(e.argv[0])
}

// executionIn parses an execve or execveat call from a trace made with -v.
func executionIn(call string) (execution, error) {
	lists := make([][]string, 0, 2)
	for rest := call; len(lists) < 2; {
		_, list, ok := strings.Cut(rest, "[")
		if !ok {
			return execution{}, fmt.Errorf("has no two lists of texts: %.80s", call)
		}
		texts, after, err := textsIn(list)
		if err != nil {
			return execution{}, err
		}
		lists, rest = append(lists, texts), after
	}
	return execution{lists[0], lists[1]}, nil
}

// textsIn parses a list of quoted strings, and returns what follows its bracket.
func textsIn(list string) (texts []string, after string, err error) {
	for {
		list = strings.TrimPrefix(list, ", ")
		if after, ok := strings.CutPrefix(list, "]"); ok {
			return texts, after, nil
		}
		if !strings.HasPrefix(list, `"`) {
			return nil, "", fmt.Errorf("is cut short, or no list of texts: %.80s", list)
		}
		end := 1
		for end < len(list) && list[end] != '"' {
			if list[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(list) {
			return nil, "", fmt.Errorf("has a text without an end: %.80s", list)
		}
		texts, list = append(texts, list[1:end]), list[end+1:]
	}
}

// inExecutions looks for secrets in the arguments and environment of every program that the run
// with these arguments started. Only the environment of the command of exec may contain the access
// token.
func (c *canary) inExecutions(args []string, trace map[string][]string) []string {
	var leaks []string
	nothing, access := c.marks(step{}), c.marks(step{prints: true, email: true}) // the token contains the e-mail address
	for _, calls := range trace {
		for _, call := range calls {
			if !strings.HasPrefix(call, "execve") {
				continue
			}
			e, err := executionIn(call)
			if err != nil {
				leaks = append(leaks, "an execve "+err.Error())
				continue
			}
			allowed := nothing
			if args[0] == execName && slices.Equal(e.argv, args[slices.Index(args, "--")+1:]) {
				allowed = access
			}
			leaks = append(leaks, leakscan.Scan(nothing, "arguments of "+e.name(), []byte(strings.Join(e.argv, "\n")))...)
			leaks = append(leaks, leakscan.Scan(allowed, "environment of "+e.name(), []byte(strings.Join(e.env, "\n")))...)
		}
	}
	return leaks
}
