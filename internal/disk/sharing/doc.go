// Package sharing opens, renames and deletes files that other processes have
// open. Unix lets anybody do that at any time. Windows refuses it unless those
// who opened the file allowed it, so there [Open] allows it, and what is refused
// because of others is done again for a while.
package sharing
