"""Is a folder on a network drive? SQLite's locks do not hold there, and a database can be torn."""

import re
import sys
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
OCTAL = re.compile(r"\\([0-7]{3})")
# As Linux names them. FUSE serves local disks too (ntfs-3g), hence its network drives by their own names.
NETWORK = re.compile(
    r"nfs\d*|cifs|smb\d*|smbfs|ncpfs|afs|9p|ceph|lustre|gpfs|beegfs|glusterfs|davfs|orangefs|pvfs2|vboxsf|prl_fs"
    r"|fuse\.(sshfs|rclone|glusterfs|s3fs|goofys|gcsfuse|ceph|davfs2|curlftpfs|smbnetfs|juicefs|mount-s3|blobfuse2?)"
)


def network_drive(folder: Path) -> str | None:
    """The kind of the network drive that a folder lies on, such as ``nfs4``; None where it lies on a disk.

    On Linux the kernel's list of mounts says it, on Windows the drive's type. Elsewhere nobody is asked.
    """
    if sys.platform == "win32":
        return _windows(folder)
    try:
        return kind_in(MOUNTS.read_text(encoding="utf-8", errors="surrogateescape"), folder.resolve())
    except OSError:  # no Linux
        return None


def kind_in(mounts: str, folder: Path) -> str | None:
    r"""The same, of an absolute path and the text of ``/proc/self/mountinfo``.

    >>> mounts = "21 1 8:1 / / rw - ext4 /dev/sda rw\n33 21 0:40 / /mnt/my\\040nas rw shared:9 - nfs4 nas:/a rw\n"
    >>> kind_in(mounts, Path("/mnt/my nas/holiday")), kind_in(mounts, Path("/mnt/my nas2"))
    ('nfs4', None)
    """
    best, kind = -1, ""
    for line in mounts.splitlines():
        before, dash, after = line.partition(" - ")
        fields = before.split(" ")
        if not dash or len(fields) < 5:
            continue
        # The kernel writes blanks and backslashes of a name as \040 and \134.
        point = Path(OCTAL.sub(lambda found: chr(int(found[1], 8)), fields[4]))
        # The deepest mount holds the folder; of several on one point, the last, which covers the others.
        if folder.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), after.split(" ")[0]
    return kind if NETWORK.fullmatch(kind) else None


def _windows(folder: Path) -> str | None:
    import ctypes

    root = folder.resolve().anchor
    remote = 4  # DRIVE_REMOTE
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - there on Windows alone
    return "network drive" if root.startswith("\\\\") or kernel.GetDriveTypeW(root) == remote else None
