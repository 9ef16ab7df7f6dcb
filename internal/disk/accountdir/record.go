package accountdir

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/strictjson"
)

// recordVersion is the version of the file. Raise it for a change that an older codex-cred would
// misread or lose.
const (
	recordVersion = 1
	// sharedVersion is the version of a shared account: an older codex-cred would refresh it.
	sharedVersion = 2
)

// maxShared is the longest path of another program's sign-in in bytes: PATH_MAX of Linux.
const maxShared = 4096

// record is the stored form of a helper.Account.
type record struct {
	Version    int               `json:"version"`
	Name       string            `json:"name"`
	RenamedTo  string            `json:"renamed_to,omitempty"` // see Dir.Rename
	ID         helper.ID         `json:"id"`
	Store      string            `json:"store"`
	Generation uint64            `json:"generation"`
	NotBefore  time.Time         `json:"not_before,omitzero"`
	Unanswered int               `json:"unanswered,omitempty"`
	Began      string            `json:"began,omitempty"`
	Host       string            `json:"host,omitempty"`
	Shared     string            `json:"shared,omitempty"`
	Rejections int               `json:"rejections,omitempty"`
	RejectedAt time.Time         `json:"rejected_at,omitzero"`
	ClockTried uint64            `json:"clock_tried,omitempty"`
	Created    time.Time         `json:"created"`
	Updated    time.Time         `json:"updated"`
	Erasing    bool              `json:"erasing,omitempty"`
	Leftovers  []helper.Leftover `json:"leftovers,omitempty"`
}

// encode returns the file of the account with the name. It refuses what decode would.
func encode(a helper.Account, name string) ([]byte, error) { return toRecord(a).encode(name) }

func toRecord(a helper.Account) record {
	version := recordVersion
	if a.Shared != "" {
		version = sharedVersion
	}
	return record{
		Version: version,
		Name:    a.Name, ID: a.ID, Store: a.Store, Generation: a.Generation,
		NotBefore: a.NotBefore.UTC(), Unanswered: a.Unanswered, Began: a.Began, Host: a.Host, Shared: a.Shared,
		Rejections: a.Rejections, RejectedAt: a.RejectedAt.UTC(), ClockTried: a.ClockTried,
		Created: a.Created.UTC(), Updated: a.Updated.UTC(),
		Erasing: a.Erasing, Leftovers: a.Leftovers,
	}
}

func (r record) encode(name string) ([]byte, error) {
	if err := r.check(name); err != nil {
		return nil, fmt.Errorf("the record is %w: %w", helper.ErrInvalid, err)
	}
	content, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode the record: %w", err)
	}
	if len(content) >= maxSize {
		return nil, fmt.Errorf("the record is %w: it has %d bytes", helper.ErrTooLarge, len(content))
	}
	return append(content, '\n'), nil
}

// decode returns the account with the name. Every error is ErrCorrupt.
func decode(content []byte, name string) (helper.Account, error) {
	r, err := parse(content)
	if err == nil {
		err = r.check(name)
	}
	if err != nil {
		return helper.Account{}, fmt.Errorf("the account file is %w: %w", helper.ErrCorrupt, err)
	}
	a := helper.Account{
		Name: name, ID: r.ID, Store: r.Store, Generation: r.Generation,
		NotBefore: r.NotBefore.UTC(), Unanswered: r.Unanswered, Began: r.Began, Host: r.Host, Shared: r.Shared,
		Rejections: r.Rejections, RejectedAt: r.RejectedAt.UTC(), ClockTried: r.ClockTried,
		Created: r.Created.UTC(), Updated: r.Updated.UTC(),
		Erasing: r.Erasing,
	}
	if len(r.Leftovers) > 0 {
		a.Leftovers = r.Leftovers
	}
	return a, nil
}

// parse decodes most records in one pass, and any other part by part to find its fault.
func parse(content []byte) (record, error) {
	var r record
	if strictjson.IsWhole(content, &r) && (r.Version == recordVersion || r.Version == sharedVersion) {
		return r, nil
	}
	return parseParts(content)
}

func parseParts(content []byte) (record, error) {
	object, rest, err := strictjson.Cut(content)
	if err != nil {
		return record{}, err
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return record{}, errors.New("something follows its JSON object")
	}
	if err := strictjson.CheckVersion(object, recordVersion); err != nil {
		if err := strictjson.CheckVersion(object, sharedVersion); err != nil {
			return record{}, err
		}
	}
	var r record
	if err := strictjson.Decode(object, &r); err != nil {
		return record{}, err
	}
	return r, nil
}

func (r record) check(name string) error {
	switch {
	case r.Name != name && r.RenamedTo != name:
		return fmt.Errorf("it is the record of another account: its name is %.80q", r.Name)
	case r.ID != "" && !isID(r.ID):
		return errors.New("its id is not 32 hexadecimal digits")
	case r.Began != "" && !isHex(r.Began, 64):
		return errors.New("the digest of its first refresh token is not 64 hexadecimal digits")
	case r.Host != "" && !isHex(r.Host, 32):
		return errors.New("its host is not 32 hexadecimal digits")
	case r.Unanswered < 0:
		return errors.New("its count of unanswered refreshes is negative")
	case r.Rejections < 0:
		return errors.New("its count of rejections is negative")
	}
	for _, l := range r.Leftovers {
		if !isID(l.ID) {
			return errors.New("the id of a leftover is not 32 hexadecimal digits")
		}
	}
	if err := r.checkShared(); err != nil {
		return err
	}
	return r.checkTimes()
}

func (r record) checkShared() error {
	switch {
	case (r.Version == sharedVersion) != (r.Shared != ""):
		return errors.New("its format version is of another kind of record")
	case len(r.Shared) > maxShared || !utf8.ValidString(r.Shared) || strings.ContainsFunc(r.Shared, unicode.IsControl):
		return errors.New("the place of the program that it is shared with is no text")
	}
	return nil
}

func (r record) checkTimes() error {
	for _, t := range []time.Time{r.NotBefore, r.RejectedAt, r.Created, r.Updated} {
		if year := t.UTC().Year(); year < 0 || year > 9999 {
			return errors.New("one of its times is out of range")
		}
	}
	return nil
}

func isHex(s string, digits int) bool {
	return len(s) == digits && strings.Trim(s, "0123456789abcdef") == ""
}

func isID(id helper.ID) bool { return id.Check() == nil && !strings.Contains(string(id), "/") }
