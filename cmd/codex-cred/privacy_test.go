package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/refresh"
)

// TestPrivacy_README checks that the README has the output of privacy.
func TestPrivacy_README(t *testing.T) {
	t.Parallel()
	const begin, end = "<!-- from here on as codex-cred privacy prints it -->\n", "<!-- up to here -->\n"
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	must(t, err)
	_, section, found := strings.Cut(string(readme), begin)
	section, _, ended := strings.Cut(section, end)
	if !found || !ended {
		t.Fatalf("the README has no section between %q and %q", begin, end)
	}
	chatGPT, err := (&refresh.Client{}).Issuer(t.Context(), refresh.Settings{})
	must(t, err)
	want := page{kinds(), olderKinds(), sendings(chatGPT), besides(), never()}.text()
	if diff := cmp.Diff(want, section); diff != "" {
		t.Errorf("put there what codex-cred privacy prints (-want +README):\n%s", diff)
	}
}

// TestPrivacy_Requests checks that privacy lists every request of the client once.
func TestPrivacy_Requests(t *testing.T) {
	t.Parallel()
	all := append(signInSendings(), laterSendings()...)
	told := make([]refresh.Request, 0, len(all))
	for _, s := range all {
		told = append(told, s.Request)
	}
	slices.Sort(told)
	if diff := cmp.Diff(slices.Sorted(slices.Values(refresh.Requests())), told); diff != "" {
		t.Errorf("requests (-made +told):\n%s", diff)
	}
}

// TestPrivacy_Kinds checks that privacy lists exactly the kinds of artefacts in the source code.
func TestPrivacy_Kinds(t *testing.T) {
	t.Parallel()
	made := kindsInSources(t)
	told := map[string]bool{}
	for _, k := range kinds() {
		if told[k.Name] || k.Keeps == "" || k.Until == "" {
			t.Errorf("kind %q: told twice, or without what it keeps and until when", k.Name)
		}
		told[k.Name] = true
	}
	older := map[string]bool{}
	for _, o := range olderKinds() {
		older[o.Name] = true
	}
	for name, where := range made {
		if !told[name] && !older[name] {
			t.Errorf("%s: kinds() in kinds.go does not tell of the kind %q", where, name)
		}
	}
	for name := range told {
		if made[name] == "" {
			t.Errorf("kinds() tells of the kind %q, which is nowhere made", name)
		}
	}
}

// kindsInSources returns the kinds of all artefacts in the package, with their positions. The kind
// in a literal is a string, or a parameter of the enclosing function; then the callers of that
// function are searched.
func kindsInSources(t *testing.T) map[string]string {
	t.Helper()
	s := kindSearch{t: t, files: token.NewFileSet(), found: map[string]string{}, makers: map[string]int{}}
	paths, err := filepath.Glob("*.go")
	must(t, err)
	var parsed []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(s.files, path, nil, parser.SkipObjectResolution)
		must(t, err)
		parsed = append(parsed, f)
	}
	for _, f := range parsed {
		s.eachFunction(f, s.literals)
	}
	for before := -1; before < len(s.makers); { // until no other function is found
		before = len(s.makers)
		for _, f := range parsed {
			s.eachFunction(f, s.calls)
		}
	}
	return s.found
}

type kindSearch struct {
	t      *testing.T
	files  *token.FileSet
	found  map[string]string // kind to position
	makers map[string]int    // function, or .method, to the index of the argument with the kind
}

func (s *kindSearch) eachFunction(f *ast.File, look func(*ast.FuncDecl, ast.Node)) {
	for _, d := range f.Decls {
		if function, ok := d.(*ast.FuncDecl); ok {
			ast.Inspect(function, func(n ast.Node) bool { look(function, n); return true })
		}
	}
}

// literals searches artefact{kind: ...}, also in a list of artefacts, which omits the type.
func (s *kindSearch) literals(in *ast.FuncDecl, n ast.Node) {
	pair, ok := n.(*ast.KeyValueExpr)
	if !ok || in.Name.Name == "classify" { // its kinds are those of errors
		return
	}
	if name, ok := pair.Key.(*ast.Ident); ok && name.Name == "kind" {
		s.kind(in, pair.Value)
	}
}

func (s *kindSearch) calls(in *ast.FuncDecl, n ast.Node) {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return
	}
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = "." + f.Sel.Name
	}
	if i, ok := s.makers[name]; ok && i < len(call.Args) {
		s.kind(in, call.Args[i])
	}
}

// kind records the kind that the expression denotes.
func (s *kindSearch) kind(in *ast.FuncDecl, value ast.Expr) {
	at := s.files.Position(value.Pos()).String()
	switch v := value.(type) {
	case *ast.BasicLit:
		name, err := strconv.Unquote(v.Value)
		must(s.t, err)
		s.found[name] = at
		return
	case *ast.BinaryExpr: // "setup of " and the name of a program
		if prefix, ok := v.X.(*ast.BasicLit); ok && prefix.Value == `"setup of "` {
			s.found["setup of a program"] = at
			return
		}
	case *ast.Ident:
		if i := slices.Index(parameters(in), v.Name); i >= 0 {
			name := in.Name.Name
			if in.Recv != nil {
				name = "." + name
			}
			s.makers[name] = i
			return
		}
		if names := assigned(in, v.Name); len(names) > 0 {
			for _, name := range names {
				s.found[name] = at
			}
			return
		}
	case *ast.SelectorExpr:
		if v.Sel.Name == "kind" { // the kind of another artefact
			return
		}
	}
	s.t.Errorf("%s: this test cannot make out the kind", at)
}

func parameters(f *ast.FuncDecl) []string {
	var names []string
	for _, field := range f.Type.Params.List {
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
	}
	return names
}

// assigned returns the strings that the function assigns to the variable.
func assigned(f *ast.FuncDecl, variable string) []string {
	var texts []string
	ast.Inspect(f, func(n ast.Node) bool {
		a, ok := n.(*ast.AssignStmt)
		if !ok || len(a.Lhs) != 1 {
			return true
		}
		name, isName := a.Lhs[0].(*ast.Ident)
		text, isText := a.Rhs[0].(*ast.BasicLit)
		if isName && isText && name.Name == variable {
			if unquoted, err := strconv.Unquote(text.Value); err == nil {
				texts = append(texts, unquoted)
			}
		}
		return true
	})
	return texts
}
