// Package journal keeps the write-ahead journal of rotations: one file for each
// sign-in, which says after a crash how far its last rotation came and holds
// the answer that was not stored yet. Start with [New].
//
// The file is written in place, in space that [Dir.Open] has made, so that
// nothing can fail for want of space once the refresh token is spent. It is
//
//	0     the mark: a line of JSON and a line with its checksum, in one sector
//	      of 512 bytes; zeros up to 4096
//	4096  the answer: "ccanswer", the length of the rest as four bytes, a nonce
//	      of 12 bytes, AES-256-GCM; zeros up to the end
//
// A file that begins with 4096 zeros, or is shorter and all zeros, is an empty
// journal. The version in the mark is that of the whole file. The mark is no
// secret: of the refresh token it holds a digest. An answer opens with the key
// it was sealed with and beside the mark it was written for, and nowhere else.
//
// After a loss of power in the middle of any write the journal is what it was
// before that write or what it is after it; an answer that is not whole is none.
// That holds on disks that write a sector of 512 bytes whole or not at all.
//
// Nothing here takes a lock. Whoever opens or removes the journal of a sign-in
// holds the lock of its rotation; anybody may read.
package journal
