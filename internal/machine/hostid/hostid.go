// Package hostid returns an identifier of this computer. Start with [ID].
package hostid

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/codex-cred/codex-cred/helper"
)

// purpose makes the ids differ from those that other programs derive.
const purpose = "codex-cred host id, version 1"

// idSize is the size of an id in bytes, the computer's own and the derived one.
const idSize = 16

// ID returns an identifier of this computer: 32 lower-case hexadecimal digits, the same until the
// system is reinstalled. It is derived from the computer's own id with a keyed hash, as
// machine-id(5) requires, so it reveals nothing and equals the id of no other program.
//
// It is "" on a system without an id, such as a small container. ErrUnavailable: the system may
// have an id that could not be read. Neither result nor error contains the computer's own id. ID is
// safe for concurrent use; on macOS it runs a program.
func ID() (string, error) {
	own, err := system().read()
	if err != nil {
		return "", fmt.Errorf("read the id of this machine: %w: %w", helper.ErrUnavailable, err)
	}
	return derive(own), nil
}

func derive(own machineID) string {
	if own == nil {
		return ""
	}
	mac := hmac.New(sha256.New, own)
	mac.Write([]byte(purpose))
	return hex.EncodeToString(mac.Sum(nil)[:idSize])
}

// A machineID is the computer's own id, which must not be shown; nil is none.
type machineID []byte

// parse parses 32 hexadecimal digits, with or without the dashes of a UUID. Anything else is no id,
// and neither is one repeated digit: systems that were never given an id have that.
func parse(text string) machineID {
	digits := strings.ReplaceAll(strings.TrimSpace(text), "-", "")
	own, err := hex.DecodeString(digits)
	if err != nil || len(own) != idSize || strings.Trim(digits, digits[:1]) == "" {
		return nil
	}
	return own
}
