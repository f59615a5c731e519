"""Korean: spelling to pronunciation to IPA."""
