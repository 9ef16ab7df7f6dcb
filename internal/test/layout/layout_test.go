// Package layout_test checks rules about the source that no linter has: what a
// package-level variable may be, and how large types, files and packages may get.
package layout_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is the module's directory, seen from here.
const root = "../../.."

// The limits. Their purpose is that one person can read a type, a file or a
// package in one sitting; what reaches a limit is to be divided.
const (
	maxMethods      = 25    // of a type
	maxFileLines    = 350   // of a file
	maxPackageLines = 2_200 // of a package below commandPackages, without its tests
)

// commandPackages holds the parts of the program. The limit for packages does not
// hold elsewhere: the libraries are divided by what they do, not by size.
const commandPackages = "cmd/codex-cred/internal/"

// notShipped are directories that no program of a release is built from.
var notShipped = []string{"internal/test", "cmd/codex-cred-demo", "helper/storetest", "helper/wire/wiretest"}

// manyMethods are types that exceed maxMethods, with the number that they may have
// at most. Each is to be divided, and its line deleted then; none is added.
var manyMethods = map[string]int{
	"cmd/codex-cred.program": 163, // into terminal, process and home
	"cmd/codex-cred.setup":   61,
	"cmd/codex-cred.doctor":  50,
	"cmd/codex-cred.wiring":  30,
	"refresh.Rotation":       51,
	"refresh.Client":         26,
}

// A source is a parsed file of the shipped code.
type source struct {
	path  string // slash-separated, below root
	lines int
	file  *ast.File
	set   *token.FileSet
}

// dir is the package's directory below root.
func (s source) dir() string { return path.Dir(s.path) }

// at returns the place of a node as path:line.
func (s source) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", s.path, s.set.Position(n.Pos()).Line)
}

// sources parses all files that ship, those of other systems too.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && skipped(name):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, content, parser.SkipObjectResolution)
		all = append(all, source{name, bytes.Count(content, []byte("\n")), file, set})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 100 {
		t.Fatalf("%s has %d shipped files: is it the module's directory?", root, len(all))
	}
	return all
}

// skipped reports whether the rules do not apply to a directory.
func skipped(dir string) bool {
	base := path.Base(dir)
	return base == "testdata" || base != "." && strings.HasPrefix(base, ".") || slices.Contains(notShipped, dir)
}

// TestVariables: a package-level variable is initialised before main in every run
// of the program, also in those that do not use its package. It may be declared
// without a value, or with errors.New or a literal of constants, which the compiler
// lays out in the binary.
func TestVariables(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for _, v := range s.variables() {
			name := v.Names[0].Name
			for _, value := range v.Values {
				if err := checkValue(value); err != nil {
					t.Errorf("%s: the variable %s has %v, which costs every get", s.at(value), name, err)
				}
			}
		}
	}
}

// variables returns the package-level variables of a file, without those named _:
// they check at compile time that a type implements an interface.
func (s source) variables() []*ast.ValueSpec {
	var all []*ast.ValueSpec
	for _, decl := range s.file.Decls {
		d, ok := decl.(*ast.GenDecl)
		if !ok || d.Tok != token.VAR {
			continue
		}
		for _, spec := range d.Specs {
			if v, ok := spec.(*ast.ValueSpec); ok && v.Names[0].Name != "_" {
				all = append(all, v)
			}
		}
	}
	return all
}

// checkValue returns an error unless the value is errors.New of a literal or a
// literal of constants.
func checkValue(value ast.Expr) error {
	if call, ok := value.(*ast.CallExpr); ok && isErrorsNew(call.Fun) && len(call.Args) == 1 {
		value = call.Args[0]
	}
	var err error
	ast.Inspect(value, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			err = cmp.Or(err, errors.New("a call"))
		case *ast.FuncLit:
			err = cmp.Or(err, errors.New("a function"))
		case *ast.CompositeLit:
			if _, isMap := n.Type.(*ast.MapType); isMap {
				err = cmp.Or(err, errors.New("a map"))
			}
		}
		return err == nil
	})
	return err
}

func isErrorsNew(fun ast.Expr) bool {
	s, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := s.X.(*ast.Ident)
	return ok && pkg.Name == "errors" && s.Sel.Name == "New"
}

// TestVariables_Check holds checkValue to values of both kinds.
func TestVariables_Check(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		`errors.New("text")`:                 "",
		`"text"`:                             "",
		`-1`:                                 "",
		`[]string{"a", b}`:                   "",
		`[...]limit{{"a", 1, true}}`:         "",
		`&config{name: "a"}`:                 "",
		`fmt.Errorf("%w", err)`:              "a call",
		`errors.New(fmt.Sprint("a"))`:        "a call",
		`regexp.MustCompile("a")`:            "a call",
		`[]error{fmt.Errorf("a")}`:           "a call",
		`map[string]int{"a": 1}`:             "a map",
		`[]map[string]int{map[string]int{}}`: "a map",
		`func() int { return 1 }`:            "a function",
	} {
		expr, err := parser.ParseExpr(value)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := checkValue(expr); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", value, got, want)
		}
	}
}

// TestMethods: a type with more methods than fit on a page does several things.
func TestMethods(t *testing.T) {
	t.Parallel()
	methods := map[string]int{}
	for _, s := range sources(t) {
		for _, decl := range s.file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv != nil {
				methods[s.dir()+"."+receiver(f.Recv.List[0].Type)]++
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(methods)) {
		if n, most := methods[name], max(maxMethods, manyMethods[name]); n > most {
			t.Errorf("%s has %d methods, at most %d are allowed: divide it", name, n, most)
		}
	}
	for name := range manyMethods {
		if methods[name] <= maxMethods {
			t.Errorf("%s has %d methods: delete its line in manyMethods", name, methods[name])
		}
	}
}

// receiver returns the name of a receiver's type.
func receiver(expr ast.Expr) string {
	for {
		switch e := expr.(type) {
		case *ast.StarExpr:
			expr = e.X
		case *ast.IndexExpr:
			expr = e.X
		case *ast.IndexListExpr:
			expr = e.X
		case *ast.Ident:
			return e.Name
		default:
			return fmt.Sprintf("%T", expr)
		}
	}
}

// TestFiles: no shipped file is too long.
func TestFiles(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.lines > maxFileLines {
			t.Errorf("%s has %d lines, at most %d are allowed", s.path, s.lines, maxFileLines)
		}
	}
}

// TestPackages: no part of the program is too long.
func TestPackages(t *testing.T) {
	t.Parallel()
	lines := map[string]int{}
	for _, s := range sources(t) {
		lines[s.dir()] += s.lines
	}
	for _, dir := range slices.Sorted(maps.Keys(lines)) {
		if strings.HasPrefix(dir+"/", commandPackages) && lines[dir] > maxPackageLines {
			t.Errorf("the package in %s has %d lines, at most %d are allowed", dir, lines[dir], maxPackageLines)
		}
	}
}
