class Error(Exception):
    def __init__(self, text):
        super().__init__(text)
        self.text = text


try:
    raise Error("text")
except Error as error:
    x = error.text
