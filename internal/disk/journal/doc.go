// Package journal keeps the write-ahead journal of rotations: one file for each sign-in. After a
// crash it shows how far the last rotation came, and holds the answer that was not stored yet.
// Start with [New].
//
// The file is written in place, in space that [Dir.Open] has allocated, so that no write fails on a
// full disk once the refresh token is spent. Its format is
//
//	0     the mark: a line of JSON and a line with its checksum, in one sector
//	      of 512 bytes; zeros up to 4096
//	4096  the answer: "ccanswer", the length of the rest as four bytes,
//	      a nonce of 12 bytes, AES-256-GCM; zeros up to the end
//
// A file that begins with 4096 zeros, or is shorter and all zeros, is an empty journal. The version
// in the mark is that of the whole file. The mark holds no secret, only a digest of the refresh
// token. An answer opens only with the key that sealed it, beside the mark that it was written for.
//
// After a power loss during any write the journal is as it was before that write or as it is after
// it; an incomplete answer is no answer. That holds on disks that write a sector of 512 bytes
// completely or not at all.
//
// The package takes no locks. A caller that opens or removes the journal of a sign-in holds the
// lock of its rotation; reading needs no lock.
package journal
