def main():
    return 1


if __name__ == "__main__":  # cov: 1/2
    main()
