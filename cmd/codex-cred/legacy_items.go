package main

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
)

// olderItems lists the items that oc-codex-multi-auth may have in the keychain:
// those for all projects, and those of each project that it has a folder for.
func olderItems(home string) []foreignItem {
	const service = "oc-codex-multi-auth"
	kind := "accounts of oc-codex-multi-auth"
	projects, _ := foldersBelow(home, ".opencode/projects/"+anyFolder) // traces report a folder that cannot be listed
	list := make([]foreignItem, 0, 3+2*len(projects))
	list = append(list,
		foreignItem{kind, service, "accounts:global"},
		foreignItem{kind, service, "accounts:global:flagged"},
		foreignItem{"trial of oc-codex-multi-auth", service, "__probe__@oc-codex-multi-auth"},
	)
	for _, project := range projects {
		key := filepath.Base(project)
		list = append(list, foreignItem{kind, service, "accounts:" + key}, foreignItem{kind, service, "flagged:" + key})
	}
	return list
}

// codexHome returns the directory in which Codex keeps its files.
func (p *program) codexHome(home string) string {
	if dir := p.Getenv("CODEX_HOME"); dir != "" {
		return dir
	}
	return filepath.Join(home, ".codex")
}

// codexItems lists the items that Codex may have in the keychain. Codex names
// them by a digest of its directory's path.
func codexItems(base string) []foreignItem {
	if real, err := filepath.EvalSymlinks(base); err == nil {
		base = real
	}
	sum := sha256.Sum256([]byte(base))
	key := hex.EncodeToString(sum[:8])
	return []foreignItem{
		{"sign-in of Codex", "Codex Auth", "cli|" + key},
		{"key of a sign-in of Codex", "codex", "secrets|" + key},
	}
}
