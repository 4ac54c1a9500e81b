"""python -m nextlabel"""

from nextlabel.cli import main

if __name__ == "__main__":
    main()
