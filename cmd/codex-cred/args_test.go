package main

import (
	"strings"
	"testing"
)

func TestReorder(t *testing.T) {
	commands := newProgram().commands()
	for args, want := range map[string]string{
		"":                               "",
		"--help":                         "--help",
		"nonsense --flag x":              "nonsense --flag x",
		"get":                            "get --",
		"get work":                       "get -- work",
		"get work --format json":         "get --format json -- work",
		"get --format json work":         "get --format json -- work",
		"get work -f json --refresh":     "get -f json --refresh -- work",
		"get --refresh work":             "get --refresh -- work",
		"get work --format=json":         "get --format=json -- work",
		"get --format":                   "get --format",
		"get work --format":              "get --format",
		"get --unknown work":             "get --unknown -- work",
		"get -- --format":                "get -- --format",
		"get work -- --refresh other":    "get -- work --refresh other",
		"logout work --yes":              "logout --yes -- work",
		"get work --min-ttl 5m more":     "get --min-ttl 5m -- work more",
		"erase -y --all --format json -": "erase -y --all --format json -- -",
	} {
		got := strings.Join(reorder(append([]string{"codex-cred"}, strings.Fields(args)...), commands)[1:], " ")
		if got != want {
			t.Errorf("reorder(%q) = %q, want %q", args, got, want)
		}
	}
}
