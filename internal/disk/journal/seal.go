package journal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"

	"github.com/codex-cred/codex-cred/helper"
)

const (
	magic      = "ccanswer"
	prefixSize = len(magic) + 4
	// sealSize is the number of bytes that sealing adds: the nonce and the tag.
	sealSize = 12 + 16
	// KeySize is the size in bytes of the key that seals answers.
	KeySize = 32

	// maxAnswer is the longest answer in bytes. The largest response is about 4 MiB, and its frame
	// of JSON and base64 adds more than a third.
	maxAnswer = 8 << 20
)

// A seal encrypts and decrypts answers. It is safe for concurrent use.
type seal struct{ aead cipher.AEAD }

// newSeal returns the seal of the key; the seal of a nil key opens nothing.
func newSeal(key []byte) (seal, error) {
	if key == nil {
		return seal{}, nil
	}
	if len(key) != KeySize {
		return seal{}, fmt.Errorf("the key of the journal is %w: it has %d bytes", helper.ErrInvalid, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return seal{}, fmt.Errorf("the key of the journal: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return seal{}, fmt.Errorf("the key of the journal: %w", err)
	}
	return seal{aead}, nil
}

// close returns the encrypted answer for the file, under a new nonce.
func (s seal) close(m Mark, answer []byte) []byte {
	out := make([]byte, 0, prefixSize+sealSize+len(answer))
	out = append(out, magic...)
	out = binary.BigEndian.AppendUint32(out, uint32(sealSize+len(answer)))
	//nolint:gosec // G407: this AEAD draws the nonce itself and takes none
	return s.aead.Seal(out, nil, answer, context(m))
}

// open decrypts the answer at the start of the bytes. It returns nil if the answer is incomplete or
// belongs to another mark or key. An empty answer is not nil.
func (s seal) open(m Mark, b []byte) []byte {
	if s.aead == nil || len(b) < prefixSize || string(b[:len(magic)]) != magic {
		return nil
	}
	length := uint64(binary.BigEndian.Uint32(b[len(magic):]))
	b = b[prefixSize:]
	if length > uint64(len(b)) {
		return nil
	}
	answer, err := s.aead.Open(make([]byte, 0, length), nil, b[:length], context(m))
	if err != nil {
		return nil
	}
	return answer
}

// context returns the additional data that binds an answer to its mark.
func context(m Mark) []byte {
	return fmt.Appendf(nil, "codex-cred journal %d\n%s\n%d\n%s\n", markVersion, m.ID, m.Generation, m.Attempt)
}
