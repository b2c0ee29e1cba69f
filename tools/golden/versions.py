"""What golden makers share: goldens come from pinned packages only."""
import importlib.metadata


def require(versions):
    """Ends the maker when a package of {name: version} is here in another version or not at all."""
    for name, version in versions.items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found = "not installed"
        if found != version:
            raise SystemExit("%s is %s, the goldens are made with %s" % (name, found, version))
