package accountdir

import (
	"regexp"

	"github.com/codex-cred/codex-cred/helper"
)

// maxSalvage is the largest damaged file that is read, in bytes.
const maxSalvage = 64 << 20

// Salvage returns the sign-ins that an undecodable file of the name seems to mention, so that an
// erase finds what belongs to them: every id in it, with every store that it mentions, or with all
// of stores if it mentions none.
func (d *Dir) Salvage(name string, stores []string) ([]helper.Leftover, error) {
	if err := helper.CheckName(name); err != nil {
		return nil, err
	}
	content, err := d.dir.Read(name+suffix, maxSalvage)
	if err != nil {
		return nil, err
	}
	if named := submatches(`"store"\s*:\s*"([a-z]+)"`, content); len(named) > 0 {
		stores = named
	}
	// The id of a computer has the same form and is not a sign-in's.
	content = regexp.MustCompile(`"host"\s*:\s*"[0-9a-f]{32}"`).ReplaceAll(content, nil)
	var found []helper.Leftover
	for _, id := range submatches(`"([0-9a-f]{32})"`, content) {
		for _, store := range stores {
			found = append(found, helper.Leftover{ID: helper.ID(id), Store: store})
		}
	}
	return found, nil
}

// submatches returns the first group of every match, each once.
func submatches(pattern string, content []byte) []string {
	var found []string
	seen := map[string]bool{}
	for _, match := range regexp.MustCompile(pattern).FindAllSubmatch(content, -1) {
		if text := string(match[1]); !seen[text] {
			seen[text] = true
			found = append(found, text)
		}
	}
	return found
}
