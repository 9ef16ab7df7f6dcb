package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSecurity_Tests checks that each promise of SECURITY.md names a test, and that the named tests
// exist: the function in the tests of the package, for any system, and the script of a subtest.
func TestSecurity_Tests(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../SECURITY.md")
	must(t, err)
	_, table, ok := strings.Cut(string(page), "| promise | tests |\n| --- | --- |\n")
	if !ok {
		t.Fatal("SECURITY.md has no table of promises")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	for row := range strings.Lines(table) {
		promise, tests, _ := strings.Cut(strings.Trim(row, "| \n"), " | ")
		if named := regexp.MustCompile("`[^`]*\\.(Test[^`]*)`").FindAllString(tests, -1); len(named) == 0 || len(named) != strings.Count(tests, "`")/2 {
			t.Errorf("the promise %q names no test, or not as `PACKAGE.TestNAME`: %s", promise, tests)
		}
	}
	for _, named := range regexp.MustCompile("`([^`. ]+)\\.(Test[^`/]*)(/[^`]*)?`").FindAllStringSubmatch(string(page), -1) {
		if reason := missingTest(t, named[1], named[2], strings.TrimPrefix(named[3], "/")); reason != "" {
			t.Errorf("SECURITY.md names %s: %s", named[0], reason)
		}
	}
}

// missingTest returns why there is no such test, or "".
func missingTest(t *testing.T, folder, name, script string) string {
	t.Helper()
	scripts, known := map[string]string{"": "", "TestScripts": "script", "TestClients": "clients"}[name]
	if script != "" && !known {
		return "only scripts are named as subtests"
	}
	if _, err := os.Stat(filepath.Join("testdata", scripts, script+".txtar")); script != "" && err != nil {
		return "there is no such script"
	}
	files, err := filepath.Glob(filepath.Join("../..", folder, "*_test.go"))
	must(t, err)
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		must(t, err)
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == name {
				return ""
			}
		}
	}
	return "there is no such test in " + folder
}
