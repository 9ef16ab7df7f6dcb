package moving

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/config/jsonedit"
)

// poolVersion is the format version that is supported. The plugin upgrades older files to it.
const poolVersion = 3

// maxAccounts is the most accounts that a file may have: five times the plugin's limit.
const maxAccounts = 100

func poolEntries(root object) ([]Entry, error) {
	var version int
	if !root.has("version") || json.Unmarshal(root.members["version"], &version) != nil {
		return nil, errors.New("it has no format version")
	}
	if version != poolVersion {
		return nil, fmt.Errorf("its format version is %d, and this codex-cred knows %d alone", version, poolVersion)
	}
	accounts, err := root.list("accounts")
	if err != nil {
		return nil, err
	}
	if len(accounts) > maxAccounts {
		return nil, fmt.Errorf("it has more than %d accounts", maxAccounts)
	}
	entries := make([]Entry, 0, len(accounts))
	for i, a := range accounts {
		e, err := poolEntry(i, a)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func poolEntry(i int, a object) (Entry, error) {
	t, err := a.texts("refreshToken", "accessToken", "accountId", "accountUserId", "email", "accountLabel")
	if err != nil {
		return Entry{}, err
	}
	expiry, err := a.millis("expiresAt")
	if err != nil {
		return Entry{}, err
	}
	renewed, err := a.millis("tokenRotatedAt")
	if err != nil {
		return Entry{}, err
	}
	name := nameOf(t["accountLabel"])
	if name == "" {
		name = "oc-codex"
	}
	return Entry{
		Place: fmt.Sprintf("account %d", i+1), Name: name,
		Access: helper.NewSecret(t["accessToken"]), Refresh: helper.NewSecret(t["refreshToken"]),
		Expiry: expiry, Renewed: renewed,
		Identity: helper.Identity{AccountID: t["accountId"], UserID: t["accountUserId"], Email: t["email"]},
	}.withProblem(), nil
}

// longestName is the longest account name that nameOf returns. It leaves room for a number after
// the name.
const longestName = 40

// nameOf derives an account name from the user's label. It returns "" for a label that may be an
// e-mail address, because names are shown where addresses are masked.
func nameOf(label string) string {
	if strings.Contains(label, "@") {
		return ""
	}
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789._+-", r) {
			return r
		}
		return ' '
	}, strings.ToLower(label))
	name = strings.Join(strings.Fields(name), "-")
	if len(name) > longestName {
		name = name[:longestName]
	}
	name = strings.Trim(name, "._+-")
	if helper.CheckName(name) != nil {
		return ""
	}
	return name
}

func poolWithout(doc []byte, pick func(helper.Secret) bool) ([]byte, error) {
	root, err := readObject(doc)
	if err != nil {
		return nil, err
	}
	accounts, err := root.list("accounts")
	if err != nil {
		return nil, err
	}
	gone := make([]bool, len(accounts))
	for i, a := range accounts {
		refresh, err := a.text("refreshToken")
		if err != nil {
			return nil, err
		}
		gone[i] = pick(helper.NewSecret(refresh))
	}
	if !slices.Contains(gone, true) {
		return doc, nil
	}
	rest, err := jsonedit.RemoveElement(doc, func(element []byte) bool {
		a, err := readObject(element)
		if err != nil {
			return false
		}
		refresh, err := a.text("refreshToken")
		return err == nil && pick(helper.NewSecret(refresh))
	}, "accounts")
	if err != nil {
		return nil, fmt.Errorf("take out its accounts: %w", err)
	}
	if _, there, err := jsonedit.Get(rest, "accounts"); err == nil && !there {
		if rest, err = jsonedit.Set(rest, []any{}, "accounts"); err != nil {
			return nil, fmt.Errorf("take out its accounts: %w", err)
		}
	}
	return renumber(rest, root, gone)
}

// renumber updates the members that refer to an account by its number. A reference to a removed
// account becomes a reference to the first.
func renumber(doc []byte, root object, gone []bool) ([]byte, error) {
	paths := [][]string{{"activeIndex"}}
	if families, ok, err := root.child("activeIndexByFamily"); err == nil && ok {
		for name := range families.members {
			paths = append(paths, []string{"activeIndexByFamily", name})
		}
	}
	for _, path := range paths {
		raw, ok, err := jsonedit.Get(doc, path...)
		var old int
		if err != nil || !ok || json.Unmarshal(raw, &old) != nil {
			continue // the plugin handles it
		}
		if now := numberOf(old, gone); now != old {
			if doc, err = jsonedit.Set(doc, now, path...); err != nil {
				return nil, fmt.Errorf("take out its accounts: %w", err)
			}
		}
	}
	return doc, nil
}

func numberOf(old int, gone []bool) int {
	if old < 0 || old >= len(gone) || gone[old] {
		return 0
	}
	now := 0
	for _, g := range gone[:old] {
		if !g {
			now++
		}
	}
	return now
}
