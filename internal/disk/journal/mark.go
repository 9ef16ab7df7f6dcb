package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/strictjson"
)

const (
	// markVersion is the version of the file, the answer included. Raise it for a change that an
	// older codex-cred would misread or lose.
	markVersion = 1
	// blockSize is the size of the mark's block in bytes: no write of the answer touches its page.
	blockSize = 4096
	// sectorSize is what a disk writes completely or not at all, so the text of a mark must fit
	// into it.
	sectorSize = 512
	sumSize    = 16 // bytes of the checksum

	maxWord = 64 // characters of an attempt and of a host
)

// A State is the progress of a rotation.
type State string

const (
	// StateIntent means that nothing was sent yet.
	StateIntent State = "intent"
	// StateSending means that the request may have reached the server, in part or completely.
	StateSending State = "sending"
)

// A Mark identifies the rotation of a journal. It holds no secret.
type Mark struct {
	Attempt    string    // identifies one presentation of the token: 1 to 64 of A-Z a-z 0-9 _ -
	ID         helper.ID // the sign-in
	Generation uint64    // of the credential that is being replaced
	Token      string    // SHA-256 of its refresh token, in hexadecimal
	Time       time.Time
	Host       string // the computer: up to 64 of A-Z a-z 0-9 _ -; may be empty
	State      State
}

// record is the stored form of a Mark. State comes last: two marks of one attempt differ only in
// it.
type record struct {
	Version    int       `json:"version"`
	Attempt    string    `json:"attempt"`
	ID         helper.ID `json:"id"`
	Generation uint64    `json:"generation"`
	Token      string    `json:"token"`
	Time       time.Time `json:"time"`
	Host       string    `json:"host"`
	State      State     `json:"state"`
}

// encode returns the block of the mark, of blockSize bytes. It refuses what decode would.
func encode(m Mark, id helper.ID) ([]byte, error) {
	r := record{
		Version: markVersion,
		Attempt: m.Attempt, ID: m.ID, Generation: m.Generation, Token: m.Token,
		Time: m.Time.UTC(), Host: m.Host, State: m.State,
	}
	if err := r.check(id); err != nil {
		return nil, fmt.Errorf("the mark is %w: %w", helper.ErrInvalid, err)
	}
	object, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode the mark: %w", err)
	}
	text := append(object, checksum(object)...)
	if len(text) > sectorSize {
		return nil, fmt.Errorf("the mark is %w: it has %d bytes", helper.ErrTooLarge, len(text))
	}
	return append(text, make([]byte, blockSize-len(text))...), nil
}

// decode returns the mark in the block. ErrNotFound: the block is empty. Every other error is
// ErrCorrupt.
func decode(block []byte, id helper.ID) (Mark, error) {
	text := bytes.TrimRight(block, "\x00")
	if len(text) == 0 {
		return Mark{}, fmt.Errorf("the journal is empty: %w", helper.ErrNotFound)
	}
	r, err := parse(text)
	if err == nil {
		err = r.check(id)
	}
	if err != nil {
		return Mark{}, fmt.Errorf("the mark of the journal is %w: %w", helper.ErrCorrupt, err)
	}
	return Mark{
		Attempt: r.Attempt, ID: r.ID, Generation: r.Generation, Token: r.Token,
		Time: r.Time.UTC(), Host: r.Host, State: r.State,
	}, nil
}

// parse checks the version before the checksum, because another version may have another checksum.
func parse(text []byte) (record, error) {
	object, rest, err := strictjson.Cut(text)
	if err != nil {
		return record{}, err
	}
	if err := strictjson.CheckVersion(object, markVersion); err != nil {
		return record{}, err
	}
	if !bytes.Equal(rest, checksum(object)) {
		return record{}, errors.New("its checksum is wrong")
	}
	var r record
	if err := strictjson.Decode(object, &r); err != nil {
		return record{}, err
	}
	return r, nil
}

// checksum returns the checksum of the object. It keeps a reader that sees parts of two marks from
// accepting the mixture.
func checksum(object []byte) []byte {
	sum := sha256.Sum256(object)
	return []byte("\n" + hex.EncodeToString(sum[:sumSize]) + "\n")
}

func (r record) check(id helper.ID) error {
	year := r.Time.UTC().Year()
	switch {
	case r.ID != id:
		return fmt.Errorf("it is the mark of another sign-in: its id is %.80q", r.ID)
	case r.Attempt == "" || !isWord(r.Attempt):
		return errors.New("its attempt is not 1 to 64 letters, digits, _ and -")
	case !isWord(r.Host):
		return errors.New("its host is not up to 64 letters, digits, _ and -")
	case len(r.Token) != hex.EncodedLen(sha256.Size) || strings.Trim(r.Token, "0123456789abcdef") != "":
		return errors.New("its token is not the SHA-256 of one")
	case year < 0 || year > 9999:
		return errors.New("its time is out of range")
	case r.State != StateIntent && r.State != StateSending:
		return errors.New("its state is unknown")
	}
	return nil
}

func isWord(s string) bool {
	return len(s) <= maxWord && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '_' && r != '-'
	})
}
