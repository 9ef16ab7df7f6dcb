package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/config/configfile"
	"github.com/codex-cred/codex-cred/internal/config/jsonedit"
	"github.com/codex-cred/codex-cred/keychain"
)

// A trace is a kind of file that an older tool leaves: the folder below the
// home directory, in which * is any one folder, and a pattern for the names.
type trace struct {
	kind   string
	folder string
	names  *regexp.Regexp
}

// pools matches the names of the account files of oc-codex-multi-auth, also
// under its former name.
const pools = `(oc-codex-multi-auth-(flagged-)?accounts|openai-codex-(flagged-|blocked-)?accounts)\.json`

// traces lists the files that older tools are known to leave. Those with tokens
// come first.
func traces() []trace {
	accounts := regexp.MustCompile(`^\.?` + pools + `(\.(migrated-to-keychain|pre-rollback)\..+)?$`)
	temps := regexp.MustCompile(`^\.?` + pools + `\..*tmp$`)
	locks := regexp.MustCompile(`^` + pools + `\.((transaction|refresh)\.)?lock$`)
	backups := regexp.MustCompile(`^.+-\d{8}-\d{9}-[0-9a-f]{6}\.json$`)
	var list []trace
	for _, folder := range []string{".opencode", ".opencode/projects/*"} {
		list = append(list,
			trace{"accounts of oc-codex-multi-auth", folder, accounts},
			trace{"unfinished file of oc-codex-multi-auth", folder, temps},
			trace{"backup of oc-codex-multi-auth", folder + "/backups", backups},
			trace{"lock of oc-codex-multi-auth", folder, locks},
		)
	}
	return append(list,
		trace{"sign-in of an older OpenCode", ".opencode/auth", regexp.MustCompile(`^openai\.json$`)},
		trace{"log of oc-codex-multi-auth", ".opencode/logs/codex-plugin", regexp.MustCompile(`^request-.+\.json$`)},
		trace{"settings of oc-codex-multi-auth", ".opencode", regexp.MustCompile(`^openai-codex-auth-config\.json$`)},
		trace{
			"cache of oc-codex-multi-auth", ".opencode/cache",
			regexp.MustCompile(`^((.+-)?instructions(-meta)?\.(md|json)|opencode-codex(-meta)?\.(txt|json)|update-check-cache\.json)$`),
		},
		trace{"quota cache of oc-codex-multi-auth", ".opencode", quotaCache()},
		trace{"quota cache of oc-codex-multi-auth", ".local/state/opencode", quotaCache()},
	)
}

// An older is a kind of file or item that other tools leave, for the page of
// privacy.
type older struct {
	Name  string   `json:"kind"`
	Where []string `json:"where"`
}

// olderKinds lists the kinds of what ofOlderTools finds.
func olderKinds() []older {
	list := []older{{"sign-in of OpenCode", []string{"the entry " + openAI + " in OpenCode's auth.json"}}}
	add := func(name, where string) {
		i := slices.IndexFunc(list, func(o older) bool { return o.Name == name })
		if i < 0 {
			i, list = len(list), append(list, older{Name: name})
		}
		if !slices.Contains(list[i].Where, where) {
			list[i].Where = append(list[i].Where, where)
		}
	}
	for _, t := range append(traces(), codexTraces(".codex")...) {
		add(t.kind, "~/"+filepath.ToSlash(t.folder))
	}
	for _, item := range append(olderItems(""), codexItems("")...) {
		add(item.kind, "the keychain (service "+item.service+")")
	}
	return list
}

func quotaCache() *regexp.Regexp { return regexp.MustCompile(`^oc-codex-multi-auth-tui-quota\.json$`) }

// codexTraces are the files of Codex's own sign-in, which may be in use.
func codexTraces(folder string) []trace {
	return []trace{
		{"sign-in of Codex", folder, regexp.MustCompile(`^(auth|accounts)\.json$`)},
		{"sign-in of Codex", filepath.Join(folder, "secrets"), regexp.MustCompile(`^codex_auth\.age$`)},
	}
}

// ofOlderTools lists what older tools left and, if codex is set, Codex's own
// sign-in.
func (p *program) ofOlderTools(ctx context.Context, codex bool) ([]artefact, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return nil, fault.WithHint(err, "set HOME")
	}
	var list []artefact
	for _, t := range traces() {
		list = append(list, t.artefacts(home)...)
	}
	if dir := p.Getenv("OPENCODE_STATE_DIR"); dir != "" {
		list = append(list, trace{"quota cache of oc-codex-multi-auth", "", quotaCache()}.artefacts(dir)...)
	}
	if dir, err := os.Getwd(); err == nil && dir != home {
		list = append(list, trace{
			"accounts of oc-codex-multi-auth", ".opencode", regexp.MustCompile(`^` + pools + `$`),
		}.artefacts(dir)...)
	}
	items := olderItems(home)
	if codex {
		base := p.codexHome(home)
		for _, t := range codexTraces("") {
			list = append(list, t.artefacts(base)...)
		}
		items = append(items, codexItems(base)...)
	}
	list = append(list, presentItems(ctx, items)...)
	entry, err := p.openCodeEntry(ctx)
	return append(list, entry...), err
}

// artefacts lists the files of the kind below the home directory.
func (t trace) artefacts(home string) []artefact {
	var list []artefact
	folders, err := foldersBelow(home, filepath.ToSlash(t.folder))
	if err != nil {
		list = append(list, unreadable(t.kind, filepath.Join(home, filepath.FromSlash(t.folder)), err))
	}
	for _, folder := range folders {
		entries, err := os.ReadDir(folder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			list = append(list, unreadable(t.kind, folder, err))
		}
		for _, entry := range entries {
			if t.names.MatchString(entry.Name()) {
				list = append(list, leftFile(t.kind, home, filepath.Join(folder, entry.Name())))
			}
		}
	}
	return list
}

// unreadable is a folder that cannot be listed.
func unreadable(kind, where string, err error) artefact {
	return artefact{
		kind: kind, where: where,
		present: func(context.Context) (bool, error) { return false, err },
		remove:  func(context.Context) error { return err },
	}
}

// leftFile is a file of another program, or an empty directory, as some locks
// are. It is not removed through a symbolic link, which may lead to something
// else.
func leftFile(kind, home, path string) artefact {
	return artefact{kind: kind, where: path, present: filePresent(path), remove: func(context.Context) error {
		if link := linkIn(home, path); link != "" {
			return fault.WithHint(fmt.Errorf("%s is a symbolic link", link), "look where it leads, and delete it by hand")
		}
		return gone(os.Remove(path))
	}}
}

// linkIn returns the first symbolic link on the way from the home directory to
// the path, or an empty string.
func linkIn(home, path string) string {
	below, err := filepath.Rel(home, path)
	if err != nil {
		return path
	}
	for step := range strings.SplitSeq(below, string(filepath.Separator)) {
		home = filepath.Join(home, step)
		if info, err := os.Lstat(home); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return home
		}
	}
	return ""
}

// emptied removes the folders that only older tools used, if they are empty,
// and adds them to the receipt.
func (r *receipt) emptied() {
	home, err := os.UserHomeDir()
	if err != nil {
		return
	}
	for _, folder := range []string{"projects/*/backups", "projects/*", "projects", "backups", "logs/codex-plugin"} {
		paths, _ := foldersBelow(home, ".opencode/"+folder) // what cannot be listed is not empty
		for _, path := range paths {
			if linkIn(home, path) == "" && os.Remove(path) == nil {
				r.Artefacts = append(r.Artefacts, line{Kind: "empty folder", Where: path, State: stateRemoved})
			}
		}
	}
}

// openCodeEntry is OpenCode's own sign-in with ChatGPT. It ignores the marker
// that setup writes in its place, which setup --undo removes.
func (p *program) openCodeEntry(ctx context.Context) ([]artefact, error) {
	path, err := p.xdgPath("XDG_DATA_HOME", filepath.Join(".local", "share"), "opencode", "auth.json")
	if err != nil {
		return nil, err
	}
	present := func(context.Context) (bool, error) {
		f, err := configfile.Read(path)
		if err != nil || !f.Exists {
			return false, err
		}
		raw, there, err := jsonedit.Get(f.Content, openAI)
		return there && !isMarker(raw), err
	}
	if there, err := present(ctx); err == nil && !there {
		return nil, nil
	}
	return []artefact{{
		kind: "sign-in of OpenCode", where: openAI + " in " + path, present: present,
		remove: func(context.Context) error {
			f, err := configfile.Read(path)
			if err != nil {
				return err
			}
			content, err := jsonedit.Remove(f.Content, openAI)
			if err == nil {
				_, err = f.Replace(content)
			}
			return err
		},
	}}, nil
}

// A foreignItem is a keychain item of another program.
type foreignItem struct{ kind, service, name string }

func presentItems(ctx context.Context, items []foreignItem) []artefact {
	var list []artefact
	for _, item := range items {
		a := itemOfOthers(item.kind, item.service, item.name)
		there, err := a.present(ctx)
		if errors.Is(err, helper.ErrUnavailable) {
			return nil // no keychain, no items
		}
		if there || err != nil {
			list = append(list, a)
		}
	}
	return list
}

func itemOfOthers(kind, service, name string) artefact {
	store := keychain.NewForService(service)
	return artefact{
		kind: kind, where: store.Location(name),
		present: func(ctx context.Context) (bool, error) {
			_, _, err := store.Get(ctx, name)
			return found(err)
		},
		remove: func(ctx context.Context) error {
			_, v, err := store.Get(ctx, name)
			if err != nil && v == "" {
				return err
			}
			return store.Delete(ctx, name, v)
		},
	}
}
